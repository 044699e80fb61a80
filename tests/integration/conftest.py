"""A Triton server with the detector that needs no weights."""

from collections.abc import Iterator

import pytest

from tally.stack.folder import DataFolder
from tally.stack.models import ModelStore
from tally.stack.triton import TritonServer
from tests.conftest import Background


@pytest.fixture(scope="session")
def triton(
    background: Background, server_folder: DataFolder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TritonServer]:
    """One Triton server for the session, with `motion` alone."""
    server = TritonServer(server_folder, ModelStore(DataFolder(tmp_path_factory.mktemp("models"))))
    background.run(server.start())
    yield server
    background.run(server.stop())
