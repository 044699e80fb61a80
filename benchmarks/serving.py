"""What the benchmarks on the real recording share: its data, a Triton, and yardsticks in other environments."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.accuracy.truth import VIDEO
from tally.stack.folder import DataFolder
from tally.stack.models import PROJECT, TRITON_ENVIRONMENT, ModelStore
from tally.stack.triton import TritonServer
from tally.worker.agent.detector import Detectors

WEIGHTS = "yolox_nano.onnx"
NETWORK, MOTION = "yolox-nano", "motion"


def data_folder() -> Path:
    """The folder that `TALLY_TEST_DATA` names; ends the program without it."""
    folder = os.environ.get("TALLY_TEST_DATA")
    if not folder:
        sys.exit(f"set TALLY_TEST_DATA to a folder with {VIDEO}, its annotations and {WEIGHTS}")
    return Path(folder)


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Detectors]:
    """A connection to a Triton of its own that serves `NETWORK` and `MOTION`."""
    with tempfile.TemporaryDirectory() as scratch:
        data = DataFolder(Path(scratch))
        store = ModelStore(data)
        await store.add(folder / WEIGHTS, NETWORK)
        server = TritonServer(data, store)
        await server.start()
        detectors = Detectors(server.address)
        try:
            yield detectors
        finally:
            await detectors.close()
            await server.stop()


def runtime_alone(folder: Path) -> float:
    """Frames/s of ONNX Runtime alone on prepared frames."""
    python = TRITON_ENVIRONMENT / "bin" / "python"
    return run_yardstick(python, "runtime_alone", folder)["frames_per_second"]


def run_yardstick(python: Path, module: str, folder: Path) -> dict[str, float]:
    """What a module of this package prints when another environment's interpreter runs it."""
    output = subprocess.run(
        [str(python), "-m", f"benchmarks.{module}", str(folder)],
        cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'services'}"},
    ).stdout  # fmt: skip
    result: dict[str, float] = json.loads(output)
    return result
