"""The detector is spared still frames, and what is counted stays the same."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from tally.counting import CountingEngine, Detections, FrameResult, Line, Mask, Zone
from tally.worker.agent.gate import HOLD_S, REFRESH_S, MotionGate
from tally.worker.agent.gating import Gating
from tally.worker.agent.sources import Frame
from tests.unit.worker.agent.scenes import WalkDetector
from tests.unit.worker.agent.worlds import FPS, HEIGHT, WIDTH, Person, World

LINES = tuple(Line(f"at {x}", ((x, 0.0), (x, 1.0))) for x in (0.2, 0.5, 0.8))
ZONES = (Zone("middle", ((0.3, 0.0), (0.7, 0.0), (0.7, 1.0), (0.3, 1.0))),)
LEFT_HALF = Mask(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))


class Counted:
    """What the engine says of a world, frame by frame."""

    def __init__(self) -> None:
        self.engine = CountingEngine(lines=LINES, zones=ZONES, frame_size=(WIDTH, HEIGHT))
        self.crossings: Counter[tuple[str, str]] = Counter()
        self.visits: Counter[str] = Counter()
        self.occupancy: list[int] = []

    def take(self, result: FrameResult) -> None:
        self.crossings.update((each.line, each.direction.value) for each in result.crossings)
        self.visits.update(each.kind.value for each in result.visits)
        self.occupancy.append(result.occupancy["middle"])


@pytest.mark.parametrize("seed", range(4))
async def test_the_counts_are_those_without_the_gate(seed: int) -> None:
    world = World(seed, people=4, seconds=40)

    async def detect(frame: Frame) -> Detections:
        return world.detections(frame)

    gating = Gating(detect, WalkDetector(), ())
    plain, gated = Counted(), Counted()
    for frame in world.frames():
        found = await gating.detect(frame)
        assert found is not None
        gated.take(gated.engine.update(frame.time_s, found))
        plain.take(plain.engine.update(frame.time_s, world.detections(frame)))
    for count in (plain, gated):
        count.take(count.engine.finish(frame.time_s))
    assert gated.crossings == plain.crossings
    assert gated.visits == plain.visits
    assert plain.crossings.total() > 0


async def test_whoever_stands_still_stays_inside() -> None:
    world = World(1, people=0, seconds=30)
    world.people = [
        Person(3.0, speed=60.0, foot=150, tall=40, contrast=40, stops_at=180.0, stands_s=15.0)
    ]

    async def detect(frame: Frame) -> Detections:
        return world.detections(frame)

    gating, count = Gating(detect, WalkDetector(), ()), Counted()
    for frame in world.frames():
        found = await gating.detect(frame)
        assert found is not None
        count.take(count.engine.update(frame.time_s, found))
    assert gating.gated > 12 * FPS
    assert count.visits == {"entry": 1, "exit": 1}
    assert count.occupancy.count(1) > 15 * FPS
    assert count.crossings.total() == len(LINES)


def test_most_frames_of_an_empty_scene_are_skipped() -> None:
    assert _skipped(World(1, people=0, seconds=30), ()) > 0.75 * 30 * FPS


@pytest.mark.parametrize(
    ("speed", "tall", "contrast"),
    [(2.0, 8, 20), (10.0, 8, -20), (10.0, 20, 20), (60.0, 20, -20), (2.0, 60, 60), (200.0, 60, 20)],
)
def test_nobody_moves_by_more_than_half_their_width_unseen(
    speed: float, tall: int, contrast: int
) -> None:
    world = World(3, people=0, seconds=10)
    gate = MotionGate()
    seen_at: float | None = None
    for frame in world.frames():
        left = speed * (frame.time_s - HOLD_S)
        width = max(tall * 2 // 5, 1)
        columns = np.clip(np.arange(WIDTH) - left + 1, 0, 1) * np.clip(
            left + width - np.arange(WIDTH), 0, 1
        )
        part = frame.image[100 - tall : 100].astype(float) + contrast * columns[:, None]
        frame.image[100 - tall : 100] = part.clip(0, 255)
        if not gate.skips(frame):
            seen_at = left
        assert seen_at is not None
        if 0 < left < WIDTH - width:
            assert left - seen_at <= max(width / 2, 2)


def test_nothing_is_older_than_the_refresh() -> None:
    gate, looked_at_s, skipped = MotionGate(), 0.0, 0
    for frame in World(1, people=0, seconds=20).frames():
        if gate.skips(frame):
            skipped += 1
            assert frame.time_s - looked_at_s < REFRESH_S
        else:
            looked_at_s = frame.time_s
    assert skipped > 10 * FPS


def test_where_people_could_hide_in_noise_nothing_is_skipped() -> None:
    assert not _skipped(World(1, people=0, seconds=10, noise=40), ())


def test_motion_in_a_mask_does_not_matter() -> None:
    frames = list(World(2, people=0, seconds=10).frames())
    for frame in frames:
        frame.image[80:120, 30 + frame.index % 40 : 60 + frame.index % 40] = 255
    assert sum(map(MotionGate().skips, frames)) == 0
    assert sum(map(MotionGate((LEFT_HALF,)).skips, frames)) > 5 * FPS


def _skipped(world: World, masks: Sequence[Mask]) -> int:
    gate = MotionGate(masks)
    return sum(gate.skips(frame) for frame in world.frames())


async def test_what_one_look_alone_saw_is_not_repeated() -> None:
    """A detector that errs in one frame errs in one frame."""
    flicker = 40

    async def detect(frame: Frame) -> Detections:
        some = frame.index == flicker
        return Detections(
            np.full((int(some), 4), 0.5, np.float32),
            np.full(int(some), 0.9, np.float32),
            np.zeros(int(some), np.int32),
        )

    gating = Gating(detect, WalkDetector(), ())
    world = World(1, people=0, seconds=8)
    gate = MotionGate()
    refreshes = [f.index for f in world.frames() if not gate.skips(f) and f.time_s > HOLD_S]
    flicker = refreshes[2]
    found = [await gating.detect(frame) for frame in World(1, people=0, seconds=8).frames()]
    seen = [index for index, each in enumerate(found) if each is not None and len(each.scores)]
    assert seen == [flicker]


async def test_a_detector_that_remembers_frames_sees_all() -> None:
    world = World(1, people=0, seconds=5)
    seen = []

    async def detect(frame: Frame) -> Detections:
        seen.append(frame.index)
        return Detections.none()

    gating = Gating(detect, WalkDetector(stateful=True), ())
    for frame in world.frames():
        await gating.detect(frame)
    assert seen == list(range(5 * FPS))
    assert gating.gated == 0


async def test_frames_that_look_like_one_that_was_left_out_are_looked_at() -> None:
    world = list(World(1, people=0, seconds=6).frames())
    asked: list[int] = []

    async def detect(frame: Frame) -> Detections | None:
        asked.append(frame.index)
        return None

    gating = Gating(detect, WalkDetector(), ())
    assert [await gating.detect(frame) for frame in world] == [None] * len(world)
    assert len(asked) == len(world)


async def test_frames_may_be_asked_for_while_the_look_is_under_way() -> None:
    world = list(World(1, people=0, seconds=6).frames())

    async def detect(frame: Frame) -> Detections:
        await asyncio.sleep(0.001)
        return Detections.none()

    one_by_one, together = Gating(detect, WalkDetector(), ()), Gating(detect, WalkDetector(), ())
    for frame in world:
        await one_by_one.detect(frame)
    for pair in zip(world[::2], world[1::2], strict=True):
        await asyncio.gather(*map(together.detect, pair))
    assert one_by_one.gated == together.gated > 0
