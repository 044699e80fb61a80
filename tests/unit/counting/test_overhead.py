"""A door seen from above: everybody is about as wide as tall, changes shape at each step, and has no feet to go by."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from tally.counting import Anchor, CountingEngine, Detections, Direction, Line

FRAME = (640, 480)
SECONDS = 60.0
DOOR = 0.5


@dataclass(frozen=True)
class Passer:
    """Walks straight through the door, or turns round in it; x and y are of the middle, relative to the frame."""

    comes_s: float
    x: float
    speed: float
    size: float
    turns: bool

    def middle(self, time_s: float) -> float:
        """How far they are down the picture, seen from the side they come from."""
        gone = (time_s - self.comes_s) * abs(self.speed) - self.size
        return 0.8 - gone if self.turns and gone > 0.4 else gone

    def box(self, time_s: float) -> tuple[float, float, float, float]:
        along = self.middle(time_s)
        y = along if self.speed > 0 else 1 - along
        # Shoulders are wide and bodies are deep by turns, and arms and bags stick out.
        step = np.sin(2 * np.pi * 1.8 * (time_s - self.comes_s))
        width, height = self.size * (1 + 0.25 * step), self.size * (1 - 0.25 * step)
        aspect = FRAME[1] / FRAME[0]
        return (
            self.x - width * aspect / 2,
            y - height / 2,
            self.x + width * aspect / 2,
            y + height / 2,
        )


def passers(seed: int) -> list[Passer]:
    """Two lanes, both ways, some side by side, one in ten turning round well before the line."""
    random = np.random.default_rng(seed)
    found = []
    for lane in (0.35, 0.65):
        time_s = 0.0
        while time_s < SECONDS - 8:
            speed = random.uniform(0.25, 0.6) * random.choice([-1, 1])
            size = random.uniform(0.16, 0.24)
            found.append(Passer(time_s, lane, speed, size, random.random() < 0.1))
            time_s += (1 + 2 * size) / abs(speed) + random.uniform(0, 1)
    return found


def frames(seed: int, frames_per_second: float) -> Iterator[tuple[float, Detections]]:
    random = np.random.default_rng(seed + 1000)
    people = passers(seed)
    for k in range(int(SECONDS * frames_per_second)):
        time_s = k / frames_per_second
        present = [
            one
            for one in people
            if time_s >= one.comes_s and -one.size <= one.middle(time_s) <= 1 + one.size
        ]
        boxes = np.array([one.box(time_s) for one in present], np.float32).reshape(-1, 4)
        boxes += random.normal(0, 0.005, boxes.shape).astype(np.float32)
        seen = random.random(len(boxes)) > 0.1
        yield (
            time_s,
            Detections(
                boxes[seen].clip(0, 1), np.full(seen.sum(), 0.8, np.float32), np.zeros(seen.sum(), np.int32)
            ),
        )  # fmt: skip


@pytest.mark.parametrize("frames_per_second", [5.0, 10.0])
def test_who_passes_a_door_is_counted_by_the_middle(frames_per_second: float) -> None:
    counted, true = Counter[Direction](), Counter[Direction]()
    for seed in (1, 2):
        line = Line("door", ((0.0, DOOR), (1.0, DOOR)), anchor=Anchor.CENTRE)
        engine = CountingEngine(lines=[line], frame_size=FRAME)
        for time_s, detections in frames(seed, frames_per_second):
            counted.update(each.direction for each in engine.update(time_s, detections).crossings)
        counted.update(each.direction for each in engine.finish(SECONDS).crossings)
        true.update(
            Direction.IN if one.speed > 0 else Direction.OUT
            for one in passers(seed)
            if not one.turns
        )
    assert min(true.values()) > 10
    assert abs(counted[Direction.IN] - true[Direction.IN]) <= 1
    assert abs(counted[Direction.OUT] - true[Direction.OUT]) <= 1
