"""One Triton for these tests, with networks small enough to be made here."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tally.stack.folder import DataFolder
from tally.stack.models import ModelStore
from tally.stack.triton import TritonServer
from tally.worker.agent.detector import Detectors
from tests.conftest import Background
from tests.networks import tiny_network


@pytest.fixture(scope="session")
def triton(
    background: Background, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TritonServer]:
    """Triton with `motion`, and one tiny network for any number and one for single pictures."""
    folder = tmp_path_factory.mktemp("triton")
    store = ModelStore(DataFolder(folder))
    for name, network in (
        ("tiny", tiny_network(batch="n", columns=7)),
        ("tiny-single", tiny_network(batch=1)),
    ):
        file = folder / f"{name}.onnx"
        file.write_bytes(network)
        background.run(store.add(file, name))
    server = TritonServer(DataFolder(folder), store)
    background.run(server.start())
    yield server
    background.run(server.stop())


@pytest.fixture
async def detectors(triton: TritonServer) -> AsyncIterator[Detectors]:
    """A worker's connection to Triton."""
    connection = Detectors(triton.address)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def weights(test_data: Path) -> Path:
    """The real YOLOX-nano."""
    return test_data / "yolox_nano.onnx"
