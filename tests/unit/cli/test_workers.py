"""Workers that lag behind, or cannot keep up, are told of."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tally.api.camera.v1 import stream_pb2
from tally.api.worker.v1 import worker_pb2
from tally.cli.workers import overloaded, unsent

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


def running(fps: float, promised: float, **but: Any) -> worker_pb2.RunningCamera:
    status = stream_pb2.StreamStatus(
        state=but.get("state", stream_pb2.STREAM_STATE_STREAMING),
        frames_per_second=fps,
        nominal_frames_per_second=promised,
        conditions=but.get("conditions", ()),
    )
    status.start_time.FromDatetime(NOON - but.get("age", timedelta(hours=1)))
    return worker_pb2.RunningCamera(status=status)


def worker(
    *cameras: worker_pb2.RunningCamera,
    state: worker_pb2.WorkerState.ValueType = worker_pb2.WORKER_STATE_ALIVE,
) -> worker_pb2.Worker:
    return worker_pb2.Worker(name="shop-3", state=state, cameras=cameras)


def test_a_worker_that_looks_at_too_few_frames_is_told_of() -> None:
    text = overloaded(worker(running(4.5, 10), running(2.5, 10)), NOON)
    assert all(each in text for each in ("shop-3", "7 of the 20 frames"))


SLOW = stream_pb2.StreamCondition(kind=stream_pb2.StreamCondition.KIND_SLOW)


@pytest.mark.parametrize(
    "camera",
    [
        running(5, 10),
        running(5, 0),
        running(1, 10, age=timedelta(seconds=30)),
        running(1, 10, conditions=[SLOW]),
        running(0, 10, state=stream_pb2.STREAM_STATE_UNREACHABLE),
    ],
)
def test_streams_that_say_nothing_of_their_worker_do_not_matter(
    camera: worker_pb2.RunningCamera,
) -> None:
    assert overloaded(worker(camera), NOON) == ""


def test_a_worker_that_is_gone_need_not_keep_up() -> None:
    gone = worker(running(1, 10), state=worker_pb2.WORKER_STATE_GONE)
    assert overloaded(gone, NOON) == ""
