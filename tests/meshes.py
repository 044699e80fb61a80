"""The whole mesh for tests: started, watched, its parts killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from tally.api.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from tally.kernel.grpc.client import connect
from tally.stack.folder import DataFolder
from tally.stack.mesh import FIRST_ADMIN, FIRST_ADMIN_SECRET, Mesh, MeshOptions, Part, running
from tests.passwords import choose_password

RECOVERY_S = 90
OWN_SECRET = "tests/administrator"
"""The password that the first administrator chooses."""


async def administrators_token(gateway: str, folder: DataFolder) -> str:
    """An access token of the first administrator of the mesh in `folder`."""
    given, own = folder.secret(FIRST_ADMIN_SECRET), folder.secret(OWN_SECRET)
    request = auth_service_pb2.LoginRequest(email=FIRST_ADMIN, password=own)
    async with connect(gateway) as channel:
        auth = auth_service_pb2_grpc.AuthServiceStub(channel)
        try:
            answer = await auth.Login(request)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise
            await choose_password(channel, FIRST_ADMIN, given, own)
            answer = await auth.Login(request)
    return answer.tokens.access_token


@dataclass(frozen=True, slots=True)
class Bearer:
    """Credentials that are one token."""

    text: str

    async def token(self) -> str:
        return self.text


@asynccontextmanager
async def as_administrator(mesh: Mesh) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to the gateway that may do everything."""
    token = await administrators_token(mesh.gateway, mesh.folder)
    async with connect(mesh.gateway, credentials=Bearer(token)) as channel:
        yield channel


@asynccontextmanager
async def mesh_in(folder: Path, *, compact: bool = False) -> AsyncIterator[Mesh]:
    """A mesh on free ports that lives as long as the block; its cameras may read what tests write beside it."""
    options = MeshOptions(
        folder, listen=None, own_ports=False, compact=compact, recordings=(folder.parent,)
    )
    async with running(options) as mesh:
        yield mesh


async def until(condition: Callable[[], bool], seconds: float = RECOVERY_S) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


def states(mesh: Mesh) -> dict[str, str]:
    """How each part does."""
    return {status.name: status.state for status in mesh.status()}


def healthy(mesh: Mesh) -> bool:
    """Whether every part serves."""
    return set(states(mesh).values()) == {"serving"}


async def kill_and_await_health(mesh: Mesh, *parts: Part) -> None:
    """Kill parts at once and wait until the supervisor has brought all of them back."""
    # A part that nobody has missed yet is still said to serve, but has no process.
    gone: set[int | None] = {None}
    for part in parts:
        assert part.process.pid is not None
        os.kill(part.process.pid, signal.SIGKILL)
        gone.add(part.process.pid)
    await until(lambda: healthy(mesh) and gone.isdisjoint(part.process.pid for part in mesh.parts))
