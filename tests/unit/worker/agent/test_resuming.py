"""A worker that is killed and starts again goes on with the tracks that it had, and counts nothing twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.kernel.ids import new_id
from tally.worker.agent import checkpoints as checkpoints_module
from tally.worker.agent.checkpoints import LONGEST_GAP, Checkpoint, Checkpoints
from tally.worker.agent.reading import Reading
from tally.worker.agent.selection import ClassSelection
from tally.worker.agent.task import CameraTask
from tally.worker.agent.view import StillView
from tests.unit.worker.agent.scenes import (
    BEGAN,
    CAMERA_ID,
    FPS,
    FRAMES,
    WHOLE,
    Walk,
    WalkDetector,
    settled,
    task,
)


class Killed(BaseException):
    """Ends a run as SIGKILL does: nobody handles it."""


@dataclass
class Worker:
    """One disk, and whoever works on it; it may be killed before any of its writes.

    Attributes:
        folder: The disk.
        spool: What is on it, each record once, as receivers know it.
        lives: After how many writes it is killed.
    """

    folder: Path
    spool: dict[tuple[str, int], CountsRecorded] = field(default_factory=dict)
    lives: int = -1

    def __post_init__(self) -> None:
        self.checkpoints = Checkpoints(self.folder)
        write = self.checkpoints.write

        async def mortal(checkpoint: Checkpoint) -> None:
            self._age()
            await write(checkpoint)

        self.checkpoints.write = mortal  # type: ignore[method-assign]  # to be killed there

    async def keep(self, record: CountsRecorded) -> None:
        self._age()
        known = self.spool.setdefault((record.run_id, record.sequence), record)
        assert known == record, "one id, two records"

    async def watch(self, stream: Walk, *, camera: CameraTask | None = None) -> str:
        """Count what the stream shows; returns the run's id."""
        camera, detector = camera or task(), WalkDetector()
        run = new_id()
        reading = Reading(
            camera, stream, run, detector, ClassSelection(detector),
            view=StillView(), now=lambda: camera, keep=self.keep,
            checkpoints=self.checkpoints,
            send_picture=lambda picture: None,
        )  # fmt: skip
        if (checkpoint := self.checkpoints.read(CAMERA_ID)) is not None:
            await reading.resume(checkpoint)
        await reading.count(lambda: None)
        return run

    @property
    def records(self) -> Sequence[CountsRecorded]:
        return list(self.spool.values())

    def _age(self) -> None:
        if self.lives == 0:
            self.lives = -1
            raise Killed
        self.lives -= 1


@pytest.mark.parametrize("missed", [0, 1, 6])
async def test_killed_before_any_write_the_same_is_counted(tmp_path: Path, missed: int) -> None:
    undisturbed = Worker(tmp_path / "undisturbed")
    await undisturbed.watch(Walk(0))
    assert settled(undisturbed.records) == WHOLE
    writes = 2 * len(undisturbed.records) - 1  # the last record ends the run and has no checkpoint
    for lives in range(2, writes - 3):
        worker = Worker(tmp_path / f"{lives}", lives=lives)
        with pytest.raises(Killed):
            await worker.watch(Walk(0))
        checkpoint = worker.checkpoints.read(CAMERA_ID)
        assert checkpoint is not None
        seen = round((checkpoint.moment - BEGAN).total_seconds() * FPS) + 1
        run = await worker.watch(Walk(seen + missed))
        assert settled(worker.records) == WHOLE
        assert sum(record.frames_processed for record in worker.records) == FRAMES - missed
        sequences = [record.sequence for record in worker.records if record.run_id == run]
        assert sequences == list(range(len(sequences)))


async def test_killed_again_and_again_it_goes_on(tmp_path: Path) -> None:
    worker, first = Worker(tmp_path), 0
    while first < FRAMES - 2 * FPS - 2:
        worker.lives = 3 if first else 2  # what is resumed from is kept again
        with pytest.raises(Killed):
            await worker.watch(Walk(first))
        checkpoint = worker.checkpoints.read(CAMERA_ID)
        assert checkpoint is not None
        first = round((checkpoint.moment - BEGAN).total_seconds() * FPS) + 2
    await worker.watch(Walk(first))
    assert settled(worker.records) == WHOLE


async def test_a_run_that_was_ended_is_not_resumed(tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    await worker.watch(Walk(0, 20))
    assert worker.checkpoints.read(CAMERA_ID) is None


async def test_lines_that_were_moved_are_counted_afresh(tmp_path: Path) -> None:
    worker = Worker(tmp_path, lives=4)
    with pytest.raises(Killed):
        await worker.watch(Walk(0))
    kept = len(worker.records)
    await worker.watch(Walk(25), camera=task(zones=()))
    assert {each.track for record in worker.records[kept:] for each in record.crossings} <= {0}
    assert not any(record.visits for record in worker.records[kept:])


@pytest.mark.parametrize(
    ("change", "serves"),
    [
        (lambda: task(name="yard", epoch=9), True),
        (lambda: task(config_version=4), False),
        (lambda: task(activate_time=BEGAN + timedelta(seconds=1)), False),
    ],
)
def test_a_checkpoint_serves_whoever_counts_the_same(
    change: Callable[[], CameraTask], serves: bool
) -> None:
    assert checkpoint().serves(change(), "walk", BEGAN) is serves


@pytest.mark.parametrize(
    ("now", "serves"),
    [
        (BEGAN + LONGEST_GAP, True),
        (BEGAN + LONGEST_GAP + timedelta(seconds=1), False),
        (BEGAN - timedelta(seconds=1), False),
    ],
)
def test_a_checkpoint_serves_for_a_short_time(now: datetime, serves: bool) -> None:
    assert checkpoint().serves(task(), "walk", now) is serves
    assert not checkpoint().serves(task(), "another", now)


async def test_what_a_checkpoint_says_is_read_again(tmp_path: Path) -> None:
    checkpoints, written = Checkpoints(tmp_path), checkpoint()
    await checkpoints.write(replace(written, time_s=1.0))
    await checkpoints.write(written)
    assert Checkpoints(tmp_path).read(CAMERA_ID) == written
    checkpoints.forget(CAMERA_ID)
    assert checkpoints.read(CAMERA_ID) is None


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"nonsense", b'{"boot": 1}\n'])
def test_a_damaged_checkpoint_is_none(tmp_path: Path, damage: bytes) -> None:
    checkpoints = Checkpoints(tmp_path)
    (tmp_path / CAMERA_ID).write_bytes(damage)
    assert checkpoints.read(CAMERA_ID) is None


async def test_another_boot_leaves_no_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Checkpoints(tmp_path).write(checkpoint())
    boot = tmp_path / "boot_id"
    boot.write_text("another\n")
    monkeypatch.setattr(checkpoints_module, "_BOOT", boot)
    assert Checkpoints(tmp_path).read(CAMERA_ID) is None


def checkpoint() -> Checkpoint:
    record = CountsRecorded(camera_id=CAMERA_ID, config_version=3, detector="walk")
    record.end_time.FromDatetime(BEGAN)
    return Checkpoint(record, BEGAN, 12.5, b"\x00state\n")
