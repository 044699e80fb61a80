"""Envoy, rendered from the contracts, in front of servers whose answers the tests choose."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import grpc
import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from gateway_envoy import load_table
from gateway_envoy.filters import STATUS_HEADER
from tally.api.auth.v1 import jwks_service_pb2_grpc
from tally.api.camera.v1 import camera_pb2, camera_service_pb2, camera_service_pb2_grpc
from tally.api.realtime.v1 import realtime_service_pb2, realtime_service_pb2_grpc
from tally.auth.mapping.resource import keys_to_proto
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import Register, RunningServer, serve
from tally.kernel.settings import ServiceSettings
from tally.stack.envoy import EnvoyServer, private_gateway
from tally.stack.folder import DataFolder
from tests.callers import Anybody, Forgetful
from tests.component.auth.matrix import published, token
from tests.meshes import Bearer

MAX_REQUESTS = 3
ADMINISTRATOR = {"authorization": f"Bearer {token()}"}
"""Lets whoever sends it call everything."""


class Cameras(camera_service_pb2_grpc.CameraServiceServicer):
    """Does what a test tells it to, and counts its calls."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.calls = 0
        self.etag = ""
        self.labels: dict[str, str] = {}
        self.listed: list[camera_pb2.Camera] = []
        self.behave: Callable[[Any], Awaitable[None]] = _nothing

    async def _answer(self, context: Any) -> None:
        self.calls += 1
        await self.behave(context)

    async def CreateCamera(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        await self._answer(context)
        await context.send_initial_metadata(((STATUS_HEADER, "201"),))
        return camera_service_pb2.CreateCameraResponse(camera=camera_pb2.Camera(name="Door"))

    async def GetCamera(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        await self._answer(context)
        camera = camera_pb2.Camera(id=request.camera_id, etag=self.etag, labels=self.labels)
        return camera_service_pb2.GetCameraResponse(camera=camera)

    async def ListCameras(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        await self._answer(context)
        return camera_service_pb2.ListCamerasResponse(cameras=self.listed)


class Live(realtime_service_pb2_grpc.RealtimeServiceServicer):
    """Streams one message for each permission to go on."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.go_on = asyncio.Semaphore(0)

    async def Subscribe(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        for number in range(3):
            await self.go_on.acquire()
            yield realtime_service_pb2.SubscribeResponse(resume_token=f"token-{number}")


async def _nothing(context: Any) -> None:
    """Lets a call succeed."""


class Setup:
    """A running gateway and what stands behind it."""

    def __init__(
        self, folder: DataFolder, envoy: EnvoyServer, cameras: Cameras, live: Live
    ) -> None:
        self.folder = folder
        self.envoy = envoy
        self.gateway = envoy.gateway
        self.cameras = cameras
        self.live = live
        self.log = folder.log("envoy")

    @property
    def url(self) -> str:
        return f"http://{self.gateway.listen}"


@asynccontextmanager
async def gateway_to(
    folder: DataFolder,
    addresses: Mapping[str, str],
    *,
    max_requests: int = MAX_REQUESTS,
    **changes: object,
) -> AsyncIterator[EnvoyServer]:
    """Envoy in front of contexts at these addresses; `changes` are to the table."""
    table = load_table()
    async with serving("auth", _publish_keys) as auth:
        contexts = {
            name: table.contexts[name].model_copy(
                update={"address": address, "max_requests": max_requests}
            )
            for name, address in {"auth": auth.address, **addresses}.items()
        }
        envoy = EnvoyServer(folder, private_gateway(folder, contexts=contexts, **changes))
        await envoy.start()
        try:
            await _keys_known(envoy.gateway.listen)
            yield envoy
        finally:
            await envoy.stop()


class Keys(jwks_service_pb2_grpc.JwksServiceServicer):
    """Publishes the key that signs the tests' tokens."""

    async def GetJwks(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        return keys_to_proto(await published())


def _publish_keys(server: grpc.aio.Server) -> None:
    jwks_service_pb2_grpc.add_JwksServiceServicer_to_server(Keys(), server)


async def _keys_known(gateway: str) -> None:
    """Return once the gateway can verify tokens."""
    async with httpx.AsyncClient(base_url=f"http://{gateway}", headers=ADMINISTRATOR) as http:
        async with asyncio.timeout(20):
            while (await http.get("/api/v1/auth/whoami")).status_code == 401:
                await asyncio.sleep(0.02)


def serving(context: str, register: Register) -> AbstractAsyncContextManager[RunningServer]:
    """A context's server behind the kernel's guards, open to anybody."""
    settings = ServiceSettings(
        listen="127.0.0.1:0",
        database_url=SecretStr(""),
        nats_url=SecretStr(""),
        shutdown_grace_s=0.1,
    )
    return serve(context, settings, register, {}, Anybody(), Forgetful())


def serving_live(live: Live) -> AbstractAsyncContextManager[RunningServer]:
    return serving(
        "realtime",
        partial(realtime_service_pb2_grpc.add_RealtimeServiceServicer_to_server, live),
    )


@asynccontextmanager
async def running_setup(folder: DataFolder) -> AsyncIterator[Setup]:
    """A fresh gateway with a camera and a realtime server behind it."""
    cameras = Cameras()  # type: ignore[abstract]  # the methods left out are never called
    live = Live()
    add_cameras = partial(camera_service_pb2_grpc.add_CameraServiceServicer_to_server, cameras)
    async with (
        serving("camera", add_cameras) as camera,
        serving_live(live) as realtime,
        gateway_to(folder, {"camera": camera.address, "realtime": realtime.address}) as envoy,
    ):
        yield Setup(folder, envoy, cameras, live)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def modules_setup(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Setup]:
    """One gateway for a module, whose tests run in the module's event loop."""
    async with running_setup(DataFolder(tmp_path_factory.mktemp("gateway"))) as running:
        yield running


@pytest.fixture
def setup(modules_setup: Setup) -> Setup:
    """The module's gateway; what stands behind it has forgotten what other tests told it."""
    modules_setup.cameras.forget()
    modules_setup.live.forget()
    return modules_setup


@pytest_asyncio.fixture(loop_scope="module")
async def http(setup: Setup) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=setup.url, headers=ADMINISTRATOR, timeout=20) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def channel(setup: Setup) -> AsyncIterator[grpc.aio.Channel]:
    async with connect(setup.gateway.listen, credentials=Bearer(token())) as channel:
        yield channel
