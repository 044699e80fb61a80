"""The auth context dies while others are called: whoever has a token goes on, through the gateway and past it."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import grpc
import pytest

from tally.kernel.grpc.client import connect
from tally.stack.mesh import Mesh
from tests.component.camera.calls import Cameras
from tests.meshes import Bearer, administrators_token, kill_and_await_health, states

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Reader:
    """Reads all the time, and notes how each read ended while auth was there and while it was away.

    Attributes:
        ends: How many reads ended how, by whether auth was there when they began.
    """

    mesh: Mesh
    channel: grpc.aio.Channel
    ends: dict[bool, Counter[str]] = field(
        default_factory=lambda: {True: Counter(), False: Counter()}
    )

    async def read(self) -> None:
        cameras = Cameras(self.channel)
        while True:
            there = states(self.mesh)["auth"] == "serving"
            try:
                await cameras.list()
            except grpc.aio.AioRpcError as error:
                self.ends[there][error.code().name] += 1
            else:
                self.ends[there]["OK"] += 1
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("door", ["gateway", "camera"])
async def test_valid_tokens_read_on_while_auth_is_killed(mesh: Mesh, door: str) -> None:
    credentials = Bearer(await administrators_token(mesh.gateway, mesh.folder))
    address = mesh.gateway if door == "gateway" else mesh.part("camera").address
    async with connect(address, credentials=credentials) as channel:
        reader = Reader(mesh, channel)
        reading = asyncio.create_task(reader.read())
        try:
            async with asyncio.timeout(20):
                while not reader.ends[True]:
                    await asyncio.sleep(0.01)
            while not reader.ends[False]:  # it may be back before anybody has read
                await kill_and_await_health(mesh, mesh.part("auth"))
        finally:
            reading.cancel()
    assert set(reader.ends[True]) == set(reader.ends[False]) == {"OK"}
