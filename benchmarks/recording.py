"""The real recording through the real detectors: counts beside the truth, frames/s beside two yardsticks.

The yardsticks run in the same minute on the same machine: ONNX Runtime alone on frames that are already
prepared, and a plain script around the packages `trackers` and `supervision` (see `peer_script.py`).
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.accuracy.lines import LINES, random_lines
from benchmarks.accuracy.score import relative_error, score, table
from benchmarks.accuracy.truth import VIDEO, load_walks
from tally.counting import Line
from tally.stack.folder import DataFolder
from tally.stack.models import PROJECT, TRITON_ENVIRONMENT, ModelStore
from tally.stack.triton import TritonServer
from tally.worker.agent.detector import Detectors
from tally.worker.agent.recording import RecordingCount, count_recording
from tally.worker.agent.sources import Pace, open_source

WEIGHTS = "yolox_nano.onnx"
RANDOM_LINES = 40
ROUNDS = 3
PEERS = PROJECT / "build" / "peers"
PEER_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def main() -> None:
    """Print all figures."""
    folder = os.environ.get("TALLY_TEST_DATA")
    if not folder:
        sys.exit(f"set TALLY_TEST_DATA to a folder with {VIDEO}, its annotations and {WEIGHTS}")
    asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> None:
    walks = load_walks(folder)
    async with _detectors(folder) as detectors:
        for name in ("yolox-nano", "motion"):
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
        rates["ours"].append(
            (await _count(detectors, "yolox-nano", folder, LINES)).frames_per_second
        )
        alone = await asyncio.to_thread(
            _run, TRITON_ENVIRONMENT / "bin" / "python", "runtime_alone", folder
        )
        rates["alone"].append(alone["frames_per_second"])
        peer = await asyncio.to_thread(_run, _peer_python(), "peer_script", folder)
        rates["peer"].append(peer["frames_per_second"])
        error = peer["relative_error"]
    ours, alone_rate, peer_rate = (max(values) for values in rates.values())
    print(f"\nbest of {ROUNDS} rounds, frames/s")
    print(f"end to end with yolox-nano  {ours:6.1f}")
    print(
        f"ONNX Runtime alone          {alone_rate:6.1f}  end to end is {ours / alone_rate:.2f} of it"
    )
    print(
        f"trackers + supervision      {peer_rate:6.1f}  end to end is {ours / peer_rate:.2f} of it"
    )
    print(f"their error on the eight lines: {error:.3f} of true")


@asynccontextmanager
async def _detectors(folder: Path) -> AsyncIterator[Detectors]:
    with tempfile.TemporaryDirectory() as scratch:
        data = DataFolder(Path(scratch))
        store = ModelStore(data)
        await store.add(folder / WEIGHTS, "yolox-nano")
        server = TritonServer(data, store)
        await server.start()
        detectors = Detectors(server.address)
        try:
            yield detectors
        finally:
            await detectors.close()
            await server.stop()


async def _count(
    detectors: Detectors, name: str, folder: Path, lines: tuple[Line, ...]
) -> RecordingCount:
    source = open_source(str(folder / VIDEO), pace=Pace.AS_FAST_AS_POSSIBLE)
    return await count_recording(source, await detectors.get(name), lines=lines)


def _run(python: Path, module: str, folder: Path) -> dict[str, float]:
    output = subprocess.run(
        [str(python), "-m", f"benchmarks.{module}", str(folder)],
        cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'services'}"},
    ).stdout  # fmt: skip
    result: dict[str, float] = json.loads(output)
    return result


def _peer_python() -> Path:
    """An environment with the peers, made at first use."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        uv = Path(sys.prefix) / "bin" / "uv"
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, PEERS], check=True)
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", python, "-r", PEER_REQUIREMENTS],
            check=True,
        )
    return python


if __name__ == "__main__":
    main()
