"""How often the true number of crossings is in the interval of a count: on synthetic worlds, and on the recording.

Prints the two constants that fit best on half of the worlds, which `tally.analytics.domain.interval` keeps, and how
often its intervals hold the truth of the other half: of lines for a minute, and for all minutes of a kind together.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.accuracy.lines import LINES, random_lines
from benchmarks.accuracy.score import score
from benchmarks.accuracy.truth import VIDEO, load_walks
from benchmarks.accuracy.world import FRAME_SIZE, World, simulate
from benchmarks.confidence import passages
from benchmarks.serving import MOTION, NETWORK, data_folder, serving
from tally.analytics.domain.interval import PLAIN_DOUBT, count_interval
from tally.counting import CountingEngine, Crossing, Direction, Line
from tally.worker.agent.detector import Detectors
from tally.worker.agent.recording import count_recording
from tally.worker.agent.sources import Pace, open_source

WORLDS = [
    World(people, 60.0, rate, missed, seed=seed)
    for seed, rate, people, missed in product(
        range(1000, 1010), (5, 10, 25), (4, 12, 30), (0.1, 0.3)
    )
    # Many people often looked at take long to simulate.
    if rate * people < 750 or seed < 1004
]
_BANDS = (0, 10, 25, 60, 1_000_000)

Place = tuple[World, str, Direction]
Cell = NDArray[np.float64]
"""How many were counted, how many of them are doubted, and how many truly passed."""


def main() -> None:
    """Print the fit, and how often intervals hold the truth."""
    fitted: dict[Place, Cell] = {}
    tried: dict[Place, Cell] = {}
    with ProcessPoolExecutor() as pool:
        for cells in pool.map(_count, WORLDS):
            for place, cell in cells.items():
                (tried if place[0].seed % 2 else fitted)[place] = cell
    chance, missed_per_doubt = _fit([*fitted.values()], _summed(fitted, _kind))
    print(f"fitted: CHANCE {chance:.2f}, MISSED_PER_DOUBT {missed_per_doubt:.1f}")
    _show("one minute", [*tried.values()])
    _show("all minutes of a kind", _summed(tried, _kind))
    for people in sorted({world.people for world in WORLDS}):
        those = {place: cell for place, cell in tried.items() if place[0].people == people}
        _show(f"all minutes of a kind with {people} people", _summed(those, _kind))
    asyncio.run(_try_recording(data_folder()))


def _count(world: World) -> dict[Place, Cell]:
    walks, frames = simulate(world)
    engine = CountingEngine(lines=LINES, frame_size=FRAME_SIZE)
    told: list[Crossing] = []
    for k, frame in enumerate(frames):
        told += engine.update(k / world.frames_per_second, frame).crossings
    told += engine.finish(world.seconds).crossings
    cells = {}
    for line, direction in product(LINES, Direction):
        true = sum(
            way is direction
            for walk in walks
            for way, _ in passages(walk, line, world.frames_per_second)
        )
        cells[world, line.name, direction] = np.array([*_counted(told, line, direction), true])
    return cells


def _counted(told: Iterable[Crossing], line: Line, direction: Direction) -> tuple[int, float]:
    found = [each for each in told if each.line == line.name and each.direction is direction]
    return len(found), sum(1 - each.confidence for each in found)


def _kind(place: Place) -> tuple[object, ...]:
    world, line, direction = place
    return world.people, world.frames_per_second, world.miss_rate, line, direction


def _summed(
    cells: dict[Place, Cell], kind: Callable[[Place], tuple[object, ...]]
) -> Sequence[Cell]:
    sums: dict[tuple[object, ...], Cell] = defaultdict(lambda: np.zeros(3))
    for place, cell in cells.items():
        sums[kind(place)] += cell
    return list(sums.values())


def _fit(*groups: Sequence[Cell]) -> NDArray[np.float64]:
    """The greatest likelihood of normal errors, rounded to whole numbers; all groups weigh alike."""

    def unlikeliness(logarithms: NDArray[np.float64]) -> float:
        chance, missed_per_doubt = np.exp(logarithms)
        total = 0.0
        for group in groups:
            counted, doubt, true = np.array(group).T
            excess = np.maximum(doubt - PLAIN_DOUBT * counted, 0)
            variance = chance * doubt + (missed_per_doubt * excess) ** 2 + 1 / 12
            total += float(np.mean(np.log(variance) + (true - counted) ** 2 / variance))
        return total

    best: NDArray[np.float64] = np.exp(minimize(unlikeliness, (0.0, 1.0), method="Nelder-Mead").x)
    return best


def _show(title: str, cells: Sequence[Cell]) -> None:
    print(f"\n{title}\n{'counted':>12}{'cells':>8}{'held':>8}{'width':>8}")
    for low, high in (*pairwise(_BANDS), (0, _BANDS[-1])):
        some = [cell for cell in cells if low <= cell[0] < high]
        if not some:
            continue
        intervals = [count_interval(int(counted), doubt) for counted, doubt, _ in some]
        held = np.mean(
            [
                interval.low <= cell[2] <= interval.high
                for interval, cell in zip(intervals, some, strict=True)
            ]
        )
        width = sum(each.high - each.low for each in intervals) / sum(cell[0] for cell in some)
        band = "all" if high - low == _BANDS[-1] else f"{low} to {min(high - 1, 9999)}"
        print(f"{band:>12}{len(some):>8}{held:>8.3f}{width:>8.2f}")


async def _try_recording(folder: Path) -> None:
    async with serving(folder) as detectors:
        for name in (NETWORK, MOTION):
            _show(f"recording, {name}", await _cells(detectors, name, folder))


async def _cells(detectors: Detectors, name: str, folder: Path) -> Sequence[Cell]:
    lines = [*LINES, *random_lines(40)]
    source = open_source(str(folder / VIDEO), pace=Pace.AS_FAST_AS_POSSIBLE)
    result = await count_recording(source, await detectors.get(name), lines=lines)
    told = [each.crossing for each in result.crossings]
    by_name = {line.name: line for line in lines}
    return [
        np.array([*_counted(told, by_name[one.line], one.direction), one.true])
        for one in score(load_walks(folder), lines, told)
    ]


if __name__ == "__main__":
    main()
