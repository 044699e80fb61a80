"""How long an answer may be."""

from collections.abc import Sized

from tally.analytics.domain.calendar import USUAL
from tally.analytics.domain.model import Granularity
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.errors import FieldViolation, InvalidInput

MAX_ROWS = 20_000
"""Rows of about 100 bytes: an answer stays below gRPC's usual 4 MiB."""


def require_few_spans(span: TimeSpan, granularity: Granularity) -> None:
    """Refuse a range whose answer may have more than `MAX_ROWS` rows of one line alone.

    Raises:
        InvalidInput: It has more hours, days, weeks or months.
    """
    if granularity in USUAL and (span.end - span.start) / USUAL[granularity] > MAX_ROWS:
        raise _refused(f"the range has more than {MAX_ROWS} {granularity.value}s")


def require_answerable(rows: Sized) -> None:
    """Refuse an answer of more than `MAX_ROWS` rows.

    Raises:
        InvalidInput: It has more.
    """
    if len(rows) > MAX_ROWS:
        raise _refused(f"the answer has more than {MAX_ROWS} rows")


def _refused(problem: str) -> InvalidInput:
    return InvalidInput(
        [
            FieldViolation(
                "end_time",
                f"{problem}: ask for a shorter range, for longer spans, or for fewer cameras",
            )
        ]
    )
