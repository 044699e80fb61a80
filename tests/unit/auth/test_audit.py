"""The chain that the audit log is."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tally.auth.domain.audit import BEGINNING, Record, chained_hash

RECORD = Record(
    id="r1",
    time=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    principal="user:1",
    address="192.0.2.1",
    method="tally.api.auth.v1.UserService/DeleteUser",
    request='{"userId":"ü"}',
    outcome="OK",
    reason="",
    trace_id="0af7651916cd43dd8448eb211c80319c",
)


def test_the_hash_is_the_same_on_every_machine() -> None:
    expected = "ff7509eaeabaf77d7dcda8de6cf6bfa30737141851acb87941472b55312ca3e3"
    assert chained_hash(BEGINNING, RECORD).hex() == expected


@pytest.mark.parametrize("field", [field.name for field in fields(Record)])
def test_every_field_counts(field: str) -> None:
    value = getattr(RECORD, field)
    changed: Any = value + timedelta(microseconds=1) if isinstance(value, datetime) else value + "x"
    assert chained_hash(BEGINNING, replace(RECORD, **{field: changed})) != chained_hash(
        BEGINNING, RECORD
    )


def test_text_does_not_move_between_fields() -> None:
    assert chained_hash(BEGINNING, replace(RECORD, outcome="OKx")) != chained_hash(
        BEGINNING, replace(RECORD, outcome="OK", reason="x")
    )


def test_what_came_before_counts() -> None:
    assert chained_hash(b"x" * 32, RECORD) != chained_hash(BEGINNING, RECORD)
