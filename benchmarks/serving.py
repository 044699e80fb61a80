"""What the benchmarks on the real recording share: its data, a Triton, and yardsticks in other environments."""

import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.accuracy.truth import VIDEO
from benchmarks.peers import run_elsewhere
from tally.stack.folder import DataFolder
from tally.stack.models import TRITON_ENVIRONMENT, ModelStore
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
    return float(run_elsewhere(python, "runtime_alone", folder)["frames_per_second"])
