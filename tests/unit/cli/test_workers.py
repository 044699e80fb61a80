"""Workers that lag behind are told of."""

from datetime import UTC, datetime, timedelta

import pytest

from tally.api.worker.v1 import worker_pb2
from tally.cli.workers import unsent

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("waits", "full", "said"),
    [
        (timedelta(seconds=5), False, []),
        (timedelta(hours=1), False, ["edge-1", "2.0 MB"]),
        (timedelta(hours=1), True, ["edge-1", "2.0 MB", "no room"]),
    ],
)
def test_what_has_waited_for_long_is_told(waits: timedelta, full: bool, said: list[str]) -> None:
    spool = worker_pb2.SpoolStatus(waiting_bytes=2_000_000, full=full)
    spool.oldest_time.FromDatetime(NOON - waits)
    text = unsent(worker_pb2.Worker(name="edge-1", spool=spool), NOON)
    assert bool(text) == bool(said)
    assert all(each in text for each in said)
    assert ("no room" in text) == full


def test_a_worker_without_a_word_on_it_is_not_behind() -> None:
    assert unsent(worker_pb2.Worker(name="old"), NOON) == ""
