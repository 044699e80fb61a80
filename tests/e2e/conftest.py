"""One mesh for all tests that need nothing special of theirs. It outlives the death of any of its parts."""

from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio

from tally.stack.mesh import Mesh
from tests.component.camera.calls import Cameras
from tests.e2e.journal import Journal
from tests.e2e.pool import Pool
from tests.meshes import as_administrator, healthy, mesh_in, until


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mesh]:
    """Every process of the product, on free ports."""
    async with mesh_in(tmp_path_factory.mktemp("mesh")) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def channel(mesh: Mesh) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to the gateway."""
    await until(lambda: healthy(mesh))
    async with as_administrator(mesh) as channel:
        yield channel


@pytest.fixture(scope="session")
def cameras(channel: grpc.aio.Channel) -> Cameras:
    """The camera context, through the gateway."""
    return Cameras(channel)


@pytest.fixture(scope="session")
def pool(channel: grpc.aio.Channel) -> Pool:
    """The worker context, through the gateway."""
    return Pool(channel)


@pytest.fixture(scope="session")
def journal(mesh: Mesh) -> Journal:
    """What the worker ever put onto its disk."""
    return Journal(mesh.folder.root / "spool")
