"""Spans and roles as typed."""

from datetime import timedelta

import pytest
import typer

from tally.api.auth.v1.role_pb2 import RoleBinding
from tally.cli.showing import bindings_text, parse_span
from tally.cli.users import parse_roles

SITES = ["0190d2c5-0000-7000-8000-000000000001", "0190d2c5-0000-7000-8000-000000000002"]


@pytest.mark.parametrize(
    ("typed", "span"),
    [("90m", timedelta(minutes=90)), ("12h", timedelta(hours=12)), ("90d", timedelta(days=90))],
)
def test_spans(typed: str, span: timedelta) -> None:
    assert parse_span(typed, "--since") == span


@pytest.mark.parametrize("typed", ["", "d", "7", "-7d", "7 d", "7w", "1.5h", "999999d", "٣d"])
def test_what_is_no_span_is_refused(typed: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_span(typed, "--since")


def test_roles_are_shown_as_they_are_typed() -> None:
    typed = ["operator", f"viewer@{','.join(SITES)}"]
    bindings = [RoleBinding(role_id="operator"), RoleBinding(role_id="viewer", site_ids=SITES)]
    assert parse_roles(typed) == bindings
    assert bindings_text(bindings) == " ".join(typed)
    assert parse_roles(None) == []


@pytest.mark.parametrize("typed", ["", "@", "viewer@", "@site", "viewer@a,,b"])
def test_what_is_no_role_is_refused(typed: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_roles([typed])
