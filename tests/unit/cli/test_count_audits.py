"""What is shown of audits of counts, and what is taken from people."""

import pytest
import typer

from tally.api.analytics.v1 import audit_service_pb2 as messages
from tally.api.counting.v1 import count_pb2
from tally.cli import count_audits
from tally.counting import Line

LINE = Line("door", ((0, 0), (1, 1)), in_name="entering", out_name="leaving")


def test_a_row_has_shares_with_their_intervals() -> None:
    cell = messages.Accuracy(
        line="door",
        direction=count_pb2.DIRECTION_OUT,
        true_count=15,
        counted=14,
        absolute_error=1,
        recall=messages.Proportion(value=14 / 15, lower=0.70181, upper=0.98813),
        count_ratio=messages.Ratio(value=14 / 15, standard_error=0.05),
    )
    assert count_audits._row(cell) == (
        "door", "out", "15", "14", "1", "0.933 (0.702 to 0.988)", "", "0.933 ± 0.100",
    )  # fmt: skip


def test_where_nothing_was_counted_a_row_says_no_more() -> None:
    assert count_audits._row(messages.Accuracy()) == ("all", "", "0", "0", "0", "", "", "")


def test_directions_are_asked_for_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def prompt(text: str, **_: object) -> int:
        asked.append(text)
        return len(asked)

    monkeypatch.setattr(typer, "prompt", prompt)
    typed = count_audits._typed("door", LINE)
    assert asked == ["door, entering", "door, leaving"]
    assert typed == messages.ManualLineCount(line="door", in_count=1, out_count=2)
    count_audits._typed("gone", None)
    assert asked[2:] == ["gone, in", "gone, out"]


@pytest.mark.parametrize("text", ["", "-1", "two", "1.5", "10001", "²"])
def test_what_is_no_count_is_asked_for_again(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        count_audits._figure(text)
