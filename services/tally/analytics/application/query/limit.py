"""How long an answer may be."""

from collections.abc import Sized

from tally.kernel.errors import FieldViolation, InvalidInput

MAX_ROWS = 20_000
"""Rows of about 100 bytes: an answer stays below gRPC's usual 4 MiB."""


def require_answerable(rows: Sized) -> None:
    """Refuse an answer of more than `MAX_ROWS` rows.

    Raises:
        InvalidInput: It has more.
    """
    if len(rows) > MAX_ROWS:
        raise InvalidInput(
            [
                FieldViolation(
                    "end_time",
                    f"the answer has more than {MAX_ROWS} rows: ask for a shorter range, for fewer "
                    "cameras or for the total",
                )
            ]
        )
