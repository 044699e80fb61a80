"""A week of frames through one engine: memory, identities and counts must be at its end as they were at its start.

Every hour other people go to and fro, each on a row of their own, so that the truth is exact: whoever has gone round
n times has crossed the line n times. `python -m benchmarks.week --frames N` watches for a shorter time.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from resource import getpagesize

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from benchmarks.scene import FRAME_SIZE, FRAMES_PER_SECOND, ZONES
from tally.counting import CountingEngine, Detections, Direction, FrameResult, Line, VisitKind

WEEK = 6_048_000
HOUR = 36_000
PEOPLE = 10
_LINE = Line("line", ((0.5, 0.0), (0.5, 1.0)))
_HEIGHT = 0.08
_SIZE = np.array([0.4 * _HEIGHT * FRAME_SIZE[1] / FRAME_SIZE[0], _HEIGHT])
_ROWS = np.linspace(_HEIGHT, 1.0, PEOPLE)


@dataclass(frozen=True, slots=True)
class Hour:
    """Who goes to and fro: where they start and how fast they are, in widths of the picture."""

    start: NDArray[np.float64]
    speed: NDArray[np.float64]

    @classmethod
    def of(cls, random: Generator) -> "Hour":
        """Some people."""
        speed = random.choice([-1, 1], PEOPLE) * random.uniform(0.6, 1.0, PEOPLE) * _HEIGHT * 0.5
        return cls(random.uniform(0, 1, PEOPLE), speed)

    def feet(self, frame: int) -> NDArray[np.float64]:
        """How far everyone is from the left edge, not wrapped round."""
        return self.start + self.speed * frame / FRAMES_PER_SECOND

    def crossings(self, frames: int) -> Counter[Direction]:
        """The truth after so many frames."""
        passed = np.floor(self.feet(frames - 1) - 0.5) - np.floor(self.feet(0) - 0.5)
        # Left of a line that goes down is its positive side.
        return Counter(
            {
                Direction.OUT: int(passed[passed > 0].sum()),
                Direction.IN: int(-passed[passed < 0].sum()),
            }
        )

    def frames(self, count: int, random: Generator) -> Iterator[Detections]:
        """What a detector sees: boxes jitter, and a tenth are missed."""
        classes = np.zeros(PEOPLE, np.int32)
        for k in range(count):
            feet = np.stack([self.feet(k) % 1.0, _ROWS], axis=1)
            boxes = np.concatenate([feet - _SIZE * (0.5, 1.0), feet + _SIZE * (0.5, 0.0)], axis=1)
            boxes += random.normal(0, 0.03 * _HEIGHT, boxes.shape)
            seen = random.random(PEOPLE) > 0.1
            scores = random.uniform(0.3, 0.95, PEOPLE)[seen].astype(np.float32)
            yield Detections(boxes[seen].astype(np.float32), scores, classes[seen])


class Ledger:
    """What was counted, and whether it can be."""

    def __init__(self) -> None:
        self.inside: Counter[str] = Counter()
        self.hour: Counter[Direction] = Counter()
        self.impossible = 0
        self._known: set[tuple[int, int]] = set()
        self._known_before: set[tuple[int, int]] = set()

    def turn(self) -> None:
        """Another hour begins."""
        self.hour = Counter()
        self._known_before, self._known = self._known, set()

    def take(self, result: FrameResult) -> None:
        """Take in what the engine said."""
        for crossing in result.crossings:
            self.hour[crossing.direction] += 1
            identity = crossing.track, crossing.ordinal
            self.impossible += identity in self._known or identity in self._known_before
            self._known.add(identity)
        for visit in result.visits:
            self.inside[visit.zone] += 1 if visit.kind is VisitKind.ENTRY else -1
        ids = result.tracks.ids
        self.impossible += len(ids) != len(set(ids.tolist()))
        self.impossible += any(self.inside[zone] != n for zone, n in result.occupancy.items())


def main(frames: int = WEEK) -> None:
    """Print, for each tenth of the time, the error and the memory."""
    engine = CountingEngine(lines=[_LINE], zones=ZONES, frame_size=FRAME_SIZE)
    random, ledger = default_rng(1), Ledger()
    hours = max(frames // HOUR, 1)
    length = min(frames, HOUR)
    true = wrong = 0
    began = time.perf_counter()
    print(
        f"{'hour':>6}{'true':>10}{'|error|':>9}{'error':>8}{'impossible':>12}{'MiB':>8}{'bytes':>8}"
    )
    for number in range(1, hours + 1):
        hour = Hour.of(random)
        ledger.turn()
        for k, detections in enumerate(hour.frames(length, random), (number - 1) * length):
            ledger.take(engine.update(k / FRAMES_PER_SECOND, detections))
        truth = hour.crossings(length)
        true += truth.total()
        wrong += sum(abs(ledger.hour[way] - truth[way]) for way in Direction)
        if number == 1 or number % max(hours // 10, 1) == 0:
            print(
                f"{number:>6}{true:>10}{wrong:>9}{wrong / true:>8.4f}{ledger.impossible:>12}"
                f"{_memory_mib():>8.1f}{len(engine.save()):>8}",
                flush=True,
            )
    ledger.take(engine.finish(hours * length / FRAMES_PER_SECOND))
    took = time.perf_counter() - began
    print(
        f"left inside: {ledger.inside.total()}; {hours * length / took:,.0f} frames/s with making them"
    )


def _memory_mib() -> float:
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return resident_pages * getpagesize() / 2**20


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=WEEK)
    main(parser.parse_args().frames)
