"""A task has one outcome, whatever becomes of those who run it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tally.worker.domain.errors import TaskNotDead, TaskNotFound, TaskOver, TaskRunOver
from tally.worker.domain.tasks import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Priority,
    Task,
    TaskKind,
    TaskState,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUEUED = Task(
    id="0190a5b2-0000-7000-8000-000000000001",
    kind=TaskKind.BENCHMARK,
    work=b"work",
    counting=b"",
    site_id="",
    priority=Priority.NORMAL,
    max_attempts=2,
    creator="user:1",
    create_time=NOW,
)


def test_a_task_runs_and_is_done() -> None:
    running = QUEUED.start("one", NOW).report(1, 0.5, "half")
    assert (running.state, running.run, running.progress) == (TaskState.RUNNING, 1, 0.5)
    done = running.succeed(1, b"result", NOW)
    assert (done.state, done.result, done.end_time) == (TaskState.SUCCEEDED, b"result", NOW)
    assert done.start("two", NOW) == done


def test_only_the_latest_run_is_believed() -> None:
    taken_over = QUEUED.start("one", NOW).start("two", NOW)
    assert (taken_over.run, taken_over.worker, taken_over.progress) == (2, "two", 0.0)
    with pytest.raises(TaskRunOver):
        taken_over.report(1, 0.9, "")
    with pytest.raises(TaskRunOver):
        taken_over.succeed(1, b"late", NOW)
    done = taken_over.succeed(2, b"result", NOW)
    with pytest.raises(TaskRunOver):
        done.succeed(2, b"again", NOW)


def test_a_task_that_fails_is_tried_again_and_then_dead() -> None:
    waiting = QUEUED.start("one", NOW).fail(1, "no", NOW, permanent=False)
    assert (waiting.state, waiting.error) == (TaskState.QUEUED, "no")
    dead = waiting.start("one", NOW).fail(2, "no again", NOW, permanent=False)
    assert (dead.state, dead.error, dead.end_time) == (TaskState.DEAD, "no again", NOW)


def test_a_task_that_nobody_can_do_is_dead_at_once() -> None:
    dead = QUEUED.start("one", NOW).fail(1, "never", NOW, permanent=True)
    assert (dead.state, dead.attempt) == (TaskState.DEAD, 1)


def test_a_task_that_takes_its_workers_along_is_dead() -> None:
    vanished = QUEUED.start("one", NOW).start("two", NOW)
    dead = vanished.start("three", NOW)
    assert (dead.state, dead.run) == (TaskState.DEAD, 2)
    assert "two went away" in dead.error


def test_a_dead_task_is_queued_again_with_all_its_attempts() -> None:
    dead = QUEUED.start("one", NOW).fail(1, "never", NOW, permanent=True)
    again = dead.requeue()
    assert (again.state, again.attempt, again.end_time) == (TaskState.QUEUED, 0, None)
    assert again.start("one", NOW).run == 2
    with pytest.raises(TaskNotDead):
        again.requeue()


def test_a_cancelled_task_believes_nobody() -> None:
    cancelled = QUEUED.start("one", NOW).cancel(NOW)
    assert cancelled.cancel(NOW + timedelta(1)) == cancelled
    with pytest.raises(TaskRunOver):
        cancelled.report(1, 0.9, "")
    with pytest.raises(TaskOver):
        QUEUED.start("one", NOW).succeed(1, b"", NOW).cancel(NOW)


def test_pauses_grow_up_to_a_limit() -> None:
    assert replace(QUEUED, attempt=1).retry_after == FIRST_PAUSE
    assert replace(QUEUED, attempt=3).retry_after == FIRST_PAUSE * 4
    assert replace(QUEUED, attempt=1000).retry_after == LONGEST_PAUSE


@pytest.mark.parametrize(("sites", "seen"), [(None, True), ({"a"}, True), ({"b"}, False)])
def test_a_task_is_seen_where_its_camera_is(sites: set[str] | None, seen: bool) -> None:
    task = replace(QUEUED, site_id="a")
    allowed = None if sites is None else frozenset(sites)
    if seen:
        task.require_at(allowed)
    else:
        with pytest.raises(TaskNotFound):
            task.require_at(allowed)
