"""Yardstick: errors of counts on synthetic worlds from easy to hopeless, our engine's beside those of peers.

Three surfaces: how many people there are and how often a frame is taken; how much of the picture is hidden by pillars
and how many boxes the detector misses; how many boxes show nobody and how much boxes jitter. The error is the sum of
|counted - true| over eight lines and both directions, for each true crossing. Runs in the peers' environment:
`python -m benchmarks.peer_surfaces PLOT`.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import Pool
from multiprocessing.pool import Pool as PoolType
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import supervision as sv
from numpy.typing import NDArray
from trackers import BoTSORTTracker, ByteTrackTracker, OCSORTTracker, SORTTracker

from benchmarks.accuracy.lines import LINES
from benchmarks.accuracy.score import score
from benchmarks.accuracy.truth import Walk, true_crossings
from benchmarks.accuracy.world import FRAME_SIZE, World, simulate
from tally.counting import CountingEngine, Detections, Direction

SEEDS = (11, 12, 13, 14)
THRESHOLDS = (0.1, 0.3, 0.5)
"""Scores from which on peers are shown boxes: each is given the one that suits it best in `_PLAIN`."""
BEYOND = (1, 2, 3)
"""Frames beyond a line after which peers call it crossed: each is given what suits it best in each kind of world."""
_PLAIN = World(people=10, seconds=30.0, frames_per_second=10.0)
_PERSON_SECONDS = 600.0

Errors = list[tuple[int, int]]
"""|counted - true| and the true crossings of each seed's world."""


@dataclass(frozen=True, slots=True)
class Surface:
    """Worlds that differ in two ways.

    Attributes:
        rows: Name and values of the one.
        columns: Name and values of the other.
    """

    rows: tuple[str, Sequence[float]]
    columns: tuple[str, Sequence[float]]

    def worlds(self) -> Iterator[tuple[int, int, World]]:
        """Row, column and world of each cell."""
        for i, row in enumerate(self.rows[1]):
            for j, column in enumerate(self.columns[1]):
                world = replace(_PLAIN, **{self.rows[0]: row, self.columns[0]: column})  # type: ignore[arg-type]  # numbers for numbers
                seconds = float(np.clip(_PERSON_SECONDS / world.people, 15.0, 60.0))
                yield i, j, replace(world, seconds=seconds)


SURFACES = (
    Surface(("people", (2, 5, 10, 20, 40, 60)), ("frames_per_second", (2, 5, 10, 20, 30))),
    Surface(("hidden", (0.0, 0.15, 0.3, 0.45, 0.6)), ("miss_rate", (0.0, 0.1, 0.2, 0.3, 0.4))),
    Surface(("false_boxes", (0.0, 0.1, 0.5, 1.0, 2.0)), ("jitter", (0.01, 0.03, 0.06, 0.1))),
)

PEERS: dict[str, Callable[[float], Any]] = {
    "SORT": lambda rate: SORTTracker(frame_rate=rate),
    "ByteTrack": lambda rate: ByteTrackTracker(frame_rate=rate),
    "OC-SORT": lambda rate: OCSORTTracker(frame_rate=rate),
    # Its search for the camera's own motion needs pictures, and this camera stands still.
    "BoT-SORT": lambda rate: BoTSORTTracker(frame_rate=rate, enable_cmc=False),
}
TRACKERS = ("tally", *PEERS)


def _ours(world: World, walks: list[Walk], frames: Sequence[Detections]) -> int:
    engine = CountingEngine(lines=LINES, frame_size=FRAME_SIZE)
    told = [
        crossing
        for k, frame in enumerate(frames)
        for crossing in engine.update(k / world.frames_per_second, frame).crossings
    ]
    told += engine.finish(world.seconds).crossings
    return sum(abs(one.error) for one in score(walks, LINES, told))


def _theirs(
    make: Callable[[float], Any],
    least: float,
    world: World,
    walks: list[Walk],
    frames: Sequence[Detections],
) -> list[int]:
    """What is wrong for each of `BEYOND`."""
    size = np.array(FRAME_SIZE)
    tracker = make(world.frames_per_second)
    zones = {
        (line, beyond): sv.LineZone(
            *(sv.Point(*(point * size)) for point in line.points),
            triggering_anchors=[sv.Position.BOTTOM_CENTER],
            minimum_crossing_threshold=beyond,
        )
        for line in LINES
        for beyond in BEYOND
    }
    for frame in frames:
        kept = frame.scores >= least
        tracked = tracker.update(
            sv.Detections(
                xyxy=frame.boxes[kept] * np.array([*size, *size], np.float32),
                confidence=frame.scores[kept],
                class_id=frame.classes[kept],
            )
        )
        for zone in zones.values():
            zone.trigger(tracked[tracked.tracker_id >= 0])
    wrong = dict.fromkeys(BEYOND, 0)
    for (line, beyond), zone in zones.items():
        true = true_crossings(walks, line)
        # Its `in` is the side that we call out.
        wrong[beyond] += abs(zone.in_count - true[Direction.OUT])
        wrong[beyond] += abs(zone.out_count - true[Direction.IN])
    return list(wrong.values())


def _cell(world: World, thresholds: dict[str, float]) -> dict[str, Errors]:
    """The errors of each tracker in one kind of world."""
    ours: Errors = []
    theirs: dict[str, list[Errors]] = {name: [[] for _ in BEYOND] for name in PEERS}
    for seed in SEEDS:
        seeded = replace(world, seed=seed)
        walks, frames = simulate(seeded)
        true = sum(sum(true_crossings(walks, line).values()) for line in LINES)
        ours.append((_ours(seeded, walks, frames), true))
        for name, make in PEERS.items():
            wrong = _theirs(make, thresholds[name], seeded, walks, frames)
            for errors, one in zip(theirs[name], wrong, strict=True):
                errors.append((one, true))
    return {"tally": ours} | {name: min(ways, key=_rate) for name, ways in theirs.items()}


def _best_thresholds(pool: PoolType) -> dict[str, float]:
    """The threshold that suits each peer best."""
    jobs = [(_PLAIN, dict.fromkeys(PEERS, least)) for least in THRESHOLDS]
    tried = dict(zip(THRESHOLDS, pool.starmap(_cell, jobs), strict=True))
    return {name: min(tried, key=lambda least: _rate(tried[least][name])) for name in PEERS}


def _rate(errors: Errors) -> float:
    wrong, true = np.sum(errors, axis=0)
    return float(wrong / true)


def _plot(rates: list[NDArray[np.float64]], file: Path) -> None:
    """Draw the surfaces, a row each, a column for each tracker; rates are (trackers, rows, columns)."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(SURFACES), len(TRACKERS), figsize=(17, 11))
    for row, surface, rate in zip(axes, SURFACES, rates, strict=True):
        for axis, name, errors in zip(row, TRACKERS, rate, strict=True):
            axis.imshow(errors, vmin=0.0, vmax=1.0, cmap="viridis_r", aspect="auto")
            for (i, j), error in np.ndenumerate(errors):
                shade = "white" if error > 0.5 else "black"
                axis.text(j, i, f"{error:.2f}", ha="center", va="center", fontsize=7, color=shade)
            axis.set_title(name)
            axis.set_xticks(range(len(surface.columns[1])), surface.columns[1])
            axis.set_yticks(range(len(surface.rows[1])), surface.rows[1])
            axis.set_xlabel(surface.columns[0].replace("_", " "))
        row[0].set_ylabel(surface.rows[0].replace("_", " "))
    figure.suptitle("errors for each true crossing")
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def _behind(errors: dict[str, Errors]) -> Iterator[tuple[str, float, float]]:
    """Peers that are better than our engine by more than twice the standard error, by how much, and that error."""
    ours = np.array(errors["tally"])
    for name in PEERS:
        behind = (ours[:, 0] - np.array(errors[name])[:, 0]) / ours[:, 1].mean()
        noise = behind.std(ddof=1) / np.sqrt(len(SEEDS))
        if behind.mean() > 2 * noise:
            yield name, float(behind.mean()), float(noise)


def main(plot: Path) -> None:
    """Print, as JSON, each surface's rates and the cells in which a peer was better by more than noise."""
    rates, behind = [], []
    with Pool() as pool:
        thresholds = _best_thresholds(pool)
        for surface in SURFACES:
            cells = list(surface.worlds())
            measured = pool.starmap(
                _cell, [(world, thresholds) for *_, world in cells], chunksize=1
            )
            rate = np.zeros((len(TRACKERS), len(surface.rows[1]), len(surface.columns[1])))
            for (i, j, _), errors in zip(cells, measured, strict=True):
                rate[:, i, j] = [_rate(errors[name]) for name in TRACKERS]
                there = {
                    surface.rows[0]: surface.rows[1][i],
                    surface.columns[0]: surface.columns[1][j],
                }
                behind += [[there, *peer] for peer in _behind(errors)]
            rates.append(rate)
    _plot(rates, plot)
    surfaces = [
        {"rows": surface.rows, "columns": surface.columns, "rates": rate.tolist()}
        for surface, rate in zip(SURFACES, rates, strict=True)
    ]
    print(json.dumps({"thresholds": thresholds, "surfaces": surfaces, "behind": behind}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
