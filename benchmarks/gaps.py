"""What a time without frames costs: an engine that begins afresh after it beside one that goes on from its saved state.

Every synthetic world stops being seen after half a minute. Errors are those from ten seconds before until twenty after.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import product

import numpy as np

from benchmarks.accuracy.lines import LINES
from benchmarks.accuracy.world import FRAME_SIZE, World, simulate
from benchmarks.confidence import passages
from tally.counting import CountingEngine, Crossing, Detections, Direction

GAPS_S = (0.5, 3.0, 5.0, 8.0)
BLIND_S = (0.0, 1.0)
"""For so long after the gap the detector finds nothing, as one does that must learn the background first."""
BEGINS_S = 30.0

_NOTHING = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int32))

Counts = Counter[tuple[str, Direction]]


def main() -> None:
    """Print the sums of errors, a line for each gap."""
    worlds = [
        World(people, 60.0, 10.0, 0.1, seed=seed)
        for seed, people in product(range(100, 108), (4, 12))
    ]
    print(f"{'gap':>6}{'blind':>7}{'true':>7}{'afresh':>8}{'gone on':>9}")
    for gap_s, blind_s in product(GAPS_S, BLIND_S):
        true = afresh = gone_on = 0
        for world in worlds:
            walks, frames = simulate(world)
            rate = world.frames_per_second
            truth = _near(
                (line.name, direction, time_s)
                for line in LINES
                for walk in walks
                for direction, time_s in passages(walk, line, rate)
            )
            watched = [(k / rate, frame) for k, frame in enumerate(frames)]
            sees_s = BEGINS_S + gap_s + blind_s
            seen = [
                (time_s, _NOTHING if BEGINS_S <= time_s < sees_s else frame)
                for time_s, frame in watched
                if not BEGINS_S <= time_s < BEGINS_S + gap_s
            ]
            true += truth.total()
            afresh += _error(truth, _count(seen, saved=False))
            gone_on += _error(truth, _count(seen, saved=True))
        print(f"{gap_s:>6.1f}{blind_s:>7.1f}{true:>7}{afresh:>8}{gone_on:>9}")


def _count(frames: list[tuple[float, Detections]], *, saved: bool) -> list[Crossing]:
    """The crossings that are told if another engine takes over when the gap is over."""
    before = [frame for frame in frames if frame[0] < BEGINS_S]
    engine = CountingEngine(lines=LINES, frame_size=FRAME_SIZE)
    told = [each for frame in before for each in engine.update(*frame).crossings]
    state = engine.save()
    if not saved:
        told += engine.finish(before[-1][0]).crossings
    engine = CountingEngine(lines=LINES, frame_size=FRAME_SIZE)
    if saved:
        engine.restore(state)
    for frame in frames[len(before) :]:
        told += engine.update(*frame).crossings
    return [*told, *engine.finish(frames[-1][0]).crossings]


def _near(passed: Iterable[tuple[str, Direction, float]]) -> Counts:
    return Counter(
        (line, direction)
        for line, direction, time_s in passed
        if BEGINS_S - 10 <= time_s <= BEGINS_S + 20
    )


def _error(truth: Counts, told: list[Crossing]) -> int:
    counted = _near((each.line, each.direction, each.time_s) for each in told)
    return sum(abs(counted[key] - truth[key]) for key in counted | truth)


if __name__ == "__main__":
    main()
