"""The real recording through the real detectors: counts beside the truth, frames/s beside two yardsticks.

The yardsticks run in the same minute on the same machine: ONNX Runtime alone on frames that are already
prepared, and a plain script around the packages `trackers` and `supervision` (see `peer_script.py`).
"""

import asyncio
from pathlib import Path

from benchmarks.accuracy.lines import LINES, random_lines
from benchmarks.accuracy.score import relative_error, score, table
from benchmarks.accuracy.truth import VIDEO, load_walks
from benchmarks.peers import peer_python, run_elsewhere
from benchmarks.serving import (
    MOTION,
    NETWORK,
    data_folder,
    runtime_alone,
    serving,
)
from tally.counting import Line
from tally.worker.agent.detector import Detectors
from tally.worker.agent.recording import RecordingCount, count_recording
from tally.worker.agent.sources import Pace, open_source

RANDOM_LINES = 40
ROUNDS = 3


def main() -> None:
    """Print all figures."""
    asyncio.run(_measure(data_folder()))


async def _measure(folder: Path) -> None:
    walks = load_walks(folder)
    async with serving(folder) as detectors:
        for name in (NETWORK, MOTION):
            for title, lines in (
                ("eight lines", LINES),
                ("random lines", random_lines(RANDOM_LINES)),
            ):
                result = await _count(detectors, name, folder, lines)
                scores = score(walks, lines, (each.crossing for each in result.crossings))
                if lines is LINES:
                    print(
                        f"\n{name}, {title}, {result.frames_per_second:.1f} frames/s\n{table(scores)}"
                    )
                else:
                    print(f"{name}, {RANDOM_LINES} {title}: {relative_error(scores):.3f} of true")
        await _race(detectors, folder)


async def _race(detectors: Detectors, folder: Path) -> None:
    """Frames/s side by side. The rounds alternate, so that a busy moment of the machine strikes all alike."""
    rates: dict[str, list[float]] = {"ours": [], "alone": [], "peer": []}
    error = 0.0
    for _ in range(ROUNDS):
        ours = await _count(detectors, NETWORK, folder, LINES)
        rates["ours"].append(ours.frames_per_second)
        rates["alone"].append(await asyncio.to_thread(runtime_alone, folder))
        peer = await asyncio.to_thread(run_elsewhere, peer_python(), "peer_script", folder)
        rates["peer"].append(peer["frames_per_second"])
        error = peer["relative_error"]
    best = {name: max(values) for name, values in rates.items()}
    print(f"\nbest of {ROUNDS} rounds, frames/s")
    print(f"end to end with {NETWORK}  {best['ours']:6.1f}")
    for title, name in (("ONNX Runtime alone", "alone"), ("trackers + supervision", "peer")):
        share = best["ours"] / best[name]
        print(f"{title:<26}  {best[name]:6.1f}  end to end is {share:.2f} of it")
    print(f"their error on the eight lines: {error:.3f} of true")


async def _count(
    detectors: Detectors, name: str, folder: Path, lines: tuple[Line, ...]
) -> RecordingCount:
    source = open_source(str(folder / VIDEO), pace=Pace.AS_FAST_AS_POSSIBLE)
    return await count_recording(source, await detectors.get(name), lines=lines)


if __name__ == "__main__":
    main()
