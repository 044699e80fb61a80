"""What calls show, how long that holds, and whom a call made on behalf of another one speaks for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import grpc
import pytest

from tally.api.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from tally.api.camera.v1 import camera_pb2, camera_service_pb2, camera_service_pb2_grpc
from tally.api.realtime.v1 import realtime_service_pb2, realtime_service_pb2_grpc
from tally.kernel.clock import utc_now
from tally.kernel.errors import Unauthenticated, Unavailable
from tally.kernel.grpc.access import current_principal
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.credentials import PAUSE_S, RENEWED_AFTER, ApiKey
from tally.kernel.grpc.server import serve
from tally.kernel.identity import ADMINISTER, Principal
from tally.kernel.settings import ServerSettings
from tests.callers import Forgetful

LIFETIME_S = 900.0
KEY = "tally_key"


class Named:
    """Takes the token for the caller's name."""

    def __init__(self, lifetime_s: float = LIFETIME_S) -> None:
        self._lifetime = timedelta(seconds=lifetime_s)

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        token = metadata.get("authorization", "").removeprefix("Bearer ")
        if not token:
            return None
        return Principal(token, frozenset({ADMINISTER}), expires_at=utc_now() + self._lifetime)


class Auth(auth_service_pb2_grpc.AuthServiceServicer):
    """Numbers its tokens."""

    def __init__(self) -> None:
        self.issued = 0
        self.error: Exception | None = None

    async def IssueToken(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        if self.error is not None:
            raise self.error
        assert request.api_key == KEY
        self.issued += 1
        answer = auth_service_pb2.IssueTokenResponse(access_token=f"service:{self.issued}")
        answer.access_token_lifetime.FromTimedelta(timedelta(seconds=LIFETIME_S))
        return answer


def an_auth_context() -> Auth:
    return Auth()  # type: ignore[abstract]  # the methods left out are never called


class Cameras(camera_service_pb2_grpc.CameraServiceServicer):
    """Tells who calls; asks another server, if it has one. Fails as often as it is told to before it answers."""

    failures = 0

    def __init__(self, onward: grpc.aio.Channel | None = None) -> None:
        self._onward = onward

    async def ListCameras(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        if Cameras.failures:
            Cameras.failures -= 1
            raise Unavailable("not now")
        if self._onward is None:
            camera = camera_pb2.Camera(name=current_principal().subject)
            return camera_service_pb2.ListCamerasResponse(cameras=[camera])
        stub = camera_service_pb2_grpc.CameraServiceStub(self._onward)
        return await stub.ListCameras(request)


class Live(realtime_service_pb2_grpc.RealtimeServiceServicer):
    """Sends one message, and then nothing."""

    async def Subscribe(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        yield realtime_service_pb2.SubscribeResponse(resume_token=current_principal().subject)
        await asyncio.Event().wait()


@asynccontextmanager
async def serving(
    auth: Auth | None = None, onward: grpc.aio.Channel | None = None, lifetime_s: float = LIFETIME_S
) -> AsyncIterator[str]:
    """The address of a server with all the doubles."""
    settings = ServerSettings(listen="127.0.0.1:0", shutdown_grace_s=0.1)

    def register(server: grpc.aio.Server) -> None:
        servicer = auth or an_auth_context()
        auth_service_pb2_grpc.add_AuthServiceServicer_to_server(servicer, server)
        cameras = Cameras(onward)  # type: ignore[abstract]  # the methods left out are never called
        camera_service_pb2_grpc.add_CameraServiceServicer_to_server(cameras, server)
        realtime_service_pb2_grpc.add_RealtimeServiceServicer_to_server(Live(), server)

    async with serve("camera", settings, register, {}, Named(lifetime_s), Forgetful()) as server:
        yield server.address


async def caller_seen(channel: grpc.aio.Channel, **options: Any) -> str:
    stub = camera_service_pb2_grpc.CameraServiceStub(channel)
    answer = await stub.ListCameras(camera_service_pb2.ListCamerasRequest(), **options)
    return answer.cameras[0].name


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_key_gives_one_token_until_it_is_time_for_the_next() -> None:
    auth, clock = an_auth_context(), Clock()
    async with serving(auth) as address, connect(address) as exchange:
        key = ApiKey(exchange, KEY, clock)
        async with connect(address, credentials=key) as channel:
            seen = await asyncio.gather(*(caller_seen(channel) for _ in range(5)))
            assert set(seen) == {"service:1"}
            clock.now = RENEWED_AFTER * LIFETIME_S
            assert await caller_seen(channel) == "service:2"
            assert auth.issued == 2


async def test_a_token_that_holds_outlives_the_auth_context() -> None:
    auth, clock = an_auth_context(), Clock()
    async with serving(auth) as address, connect(address) as exchange:
        key = ApiKey(exchange, KEY, clock)
        assert await key.token() == "service:1"
        auth.error = Unavailable("gone")
        clock.now = RENEWED_AFTER * LIFETIME_S
        assert await key.token() == "service:1"
        clock.now = LIFETIME_S
        with pytest.raises(grpc.aio.AioRpcError):
            await key.token()
        auth.error = None
        clock.now += PAUSE_S
        assert await key.token() == "service:2"


async def test_a_revoked_key_fails_the_call_that_needs_it() -> None:
    auth = an_auth_context()
    auth.error = Unauthenticated("revoked", reason="API_KEY_INVALID")
    async with (
        serving(auth) as address,
        connect(address) as exchange,
        connect(address, credentials=ApiKey(exchange, KEY)) as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await caller_seen(channel)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_stream_carries_credentials_and_ends_when_they_do() -> None:
    async with (
        serving(lifetime_s=0.3) as address,
        connect(address) as exchange,
        connect(address, credentials=ApiKey(exchange, KEY)) as channel,
    ):
        stub = realtime_service_pb2_grpc.RealtimeServiceStub(channel)
        seen = []
        with pytest.raises(grpc.aio.AioRpcError) as caught:  # noqa: PT012 - it is the iteration that must raise
            async for message in stub.Subscribe(realtime_service_pb2.SubscribeRequest()):
                seen.append(message.resume_token)  # noqa: PERF401 - the error must find what came before it
        assert seen == ["service:1"]
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_call_on_behalf_of_another_speaks_for_its_caller() -> None:
    async with (
        serving() as inner,
        connect(inner) as exchange,
        connect(inner, credentials=ApiKey(exchange, KEY)) as onward,
        serving(onward=onward) as outer,
        connect(outer) as channel,
    ):
        bearer = (("authorization", "Bearer user:ada"),)
        assert await caller_seen(channel, metadata=bearer) == "user:ada"
        assert await caller_seen(onward) == "service:1"


@pytest.mark.parametrize("direct", [True, False])
async def test_a_direct_channel_repeats_what_the_contract_lets_it(
    monkeypatch: pytest.MonkeyPatch, direct: bool
) -> None:
    monkeypatch.setattr(Cameras, "failures", 1)
    bearer = (("authorization", "Bearer user:ada"),)
    async with serving() as address, connect(address, direct=direct) as channel:
        if direct:
            assert await caller_seen(channel, metadata=bearer) == "user:ada"
            return
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await caller_seen(channel, metadata=bearer)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
