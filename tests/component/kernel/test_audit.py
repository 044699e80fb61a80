"""Every audited call leaves one record, however it ends, and none is answered without."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import grpc
import pytest

from tally.api.auth.v1.audit_pb2 import AuditRecord
from tally.api.camera.v1 import camera_service_pb2 as messages
from tally.api.camera.v1 import camera_service_pb2_grpc
from tally.kernel.audit import AuditTrail
from tally.kernel.contracts import descriptor_image, methods
from tally.kernel.errors import NotFound, Unauthenticated
from tally.kernel.grpc.audit import audited
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import serve
from tally.kernel.identity import Principal
from tally.kernel.settings import ServerSettings

DELETE = "tally.api.camera.v1.CameraService/DeleteCamera"
MAY_DELETE = "camera:delete"
CAMERA_ID = "0190a5b2-0000-7000-8000-0000000000aa"
MISSING_ID = "0190a5b2-0000-7000-8000-0000000000bb"
BROKEN_ID = "0190a5b2-0000-7000-8000-0000000000cc"
SLOW_ID = "0190a5b2-0000-7000-8000-0000000000dd"


class Kept:
    """A trail in memory."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    async def keep(self, record: AuditRecord) -> None:
        self.records.append(record)


class Lost:
    """A trail that keeps nothing."""

    async def keep(self, record: AuditRecord) -> None:
        raise OSError("no space left on device")


class Tokens:
    """Recognises whoever says what they are."""

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        token = metadata.get("authorization", "")
        if not token:
            return None
        if token == "Bearer broken":
            raise Unauthenticated("unknown token", reason="TOKEN_INVALID")
        return Principal("user:somebody", frozenset({token.removeprefix("Bearer ")}))


class Cameras(camera_service_pb2_grpc.CameraServiceServicer):
    """Deletes cameras, in every way that a call can end."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()

    def register(self, server: grpc.aio.Server) -> None:
        camera_service_pb2_grpc.add_CameraServiceServicer_to_server(self, server)

    async def DeleteCamera(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        if request.camera_id == MISSING_ID:
            raise NotFound("no such camera", reason="CAMERA_NOT_FOUND")
        if request.camera_id == BROKEN_ID:
            raise RuntimeError("a mistake")
        if request.camera_id == SLOW_ID:
            self.reached.set()
            await asyncio.Event().wait()
        return messages.DeleteCameraResponse()


@asynccontextmanager
async def serving(
    trail: AuditTrail, register: Callable[[grpc.aio.Server], None]
) -> AsyncIterator[grpc.aio.Channel]:
    settings = ServerSettings(listen="127.0.0.1:0", shutdown_grace_s=0.2)
    async with (
        serve("camera", settings, register, {}, Tokens(), trail) as server,
        connect(server.address) as channel,
    ):
        yield channel


@pytest.fixture
def cameras() -> Cameras:
    return Cameras()  # type: ignore[abstract]  # the methods left out are never called


def delete(channel: grpc.aio.Channel, camera_id: str, allowed: str = MAY_DELETE) -> Any:
    stub = camera_service_pb2_grpc.CameraServiceStub(channel)
    metadata = [("x-forwarded-for", "203.0.113.9, 192.0.2.7")]
    if allowed:
        metadata.append(("authorization", f"Bearer {allowed}"))
    return stub.DeleteCamera(messages.DeleteCameraRequest(camera_id=camera_id), metadata=metadata)


@pytest.mark.parametrize(
    ("camera_id", "token", "principal", "outcome", "reason"),
    [
        (CAMERA_ID, "camera:delete", "user:somebody", "OK", ""),
        (MISSING_ID, "camera:delete", "user:somebody", "NOT_FOUND", "CAMERA_NOT_FOUND"),
        (BROKEN_ID, "camera:delete", "user:somebody", "INTERNAL", ""),
        (CAMERA_ID, "camera:read", "user:somebody", "PERMISSION_DENIED", "PERMISSION_DENIED"),
        (CAMERA_ID, "", "", "UNAUTHENTICATED", "UNAUTHENTICATED"),
        (CAMERA_ID, "broken", "", "UNAUTHENTICATED", "TOKEN_INVALID"),
        ("door", "camera:delete", "user:somebody", "INVALID_ARGUMENT", "INVALID_INPUT"),
    ],
)
async def test_every_outcome_is_recorded(
    cameras: Cameras, camera_id: str, token: str, principal: str, outcome: str, reason: str
) -> None:
    trail = Kept()

    async with serving(trail, cameras.register) as channel:
        assert (await delete(channel, camera_id, token).code()).name == outcome
        (record,) = trail.records
    assert (record.principal, record.outcome, record.reason) == (principal, outcome, reason)
    assert (record.method, record.address) == (DELETE, "192.0.2.7")
    assert camera_id in record.request
    assert record.id
    assert record.HasField("time")


async def test_a_cancelled_call_is_recorded(cameras: Cameras) -> None:
    trail = Kept()

    async with serving(trail, cameras.register) as channel:
        call = delete(channel, SLOW_ID)
        async with asyncio.timeout(5):
            call_ended = asyncio.ensure_future(call.code())
            await cameras.reached.wait()
            call.cancel()
            assert await call_ended == grpc.StatusCode.CANCELLED
            while not trail.records:
                await asyncio.sleep(0.01)
    assert [record.outcome for record in trail.records] == ["CANCELLED"]


async def test_a_call_that_runs_out_of_time_is_recorded(cameras: Cameras) -> None:
    trail = Kept()

    async with serving(trail, cameras.register) as channel:
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        request = messages.DeleteCameraRequest(camera_id=SLOW_ID)
        metadata = [("authorization", "Bearer camera:delete")]
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.DeleteCamera(request, metadata=metadata, timeout=0.3)
        async with asyncio.timeout(5):
            while not trail.records:
                await asyncio.sleep(0.01)
    assert [record.outcome in ("DEADLINE_EXCEEDED", "CANCELLED") for record in trail.records] == [
        True
    ]


@pytest.mark.parametrize("camera_id", [CAMERA_ID, MISSING_ID])
async def test_what_cannot_be_recorded_is_not_answered(cameras: Cameras, camera_id: str) -> None:
    async with serving(Lost(), cameras.register) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await delete(channel, camera_id)
    assert failure.value.code() == grpc.StatusCode.UNAVAILABLE
    assert "no space left" not in (failure.value.details() or "")


async def test_every_audited_method_leaves_one_record() -> None:
    trail = Kept()
    paths = [path for path, method in methods().items() if audited(method)]
    async with serving(trail, _everything) as channel:
        for path in paths:
            with pytest.raises(grpc.aio.AioRpcError):
                await channel.unary_unary(path, bytes, bytes)(b"")
    assert [record.method for record in trail.records] == [path[1:] for path in paths]


async def test_other_methods_leave_none() -> None:
    trail = Kept()
    async with serving(trail, _everything) as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_unary("/tally.api.camera.v1.CameraService/GetCamera", bytes, bytes)(
                b""
            )
    assert trail.records == []


def _everything(server: grpc.aio.Server) -> None:
    """Add every service of every contract, without anything behind its methods."""
    for file in descriptor_image().file:
        for service in file.service if file.name.startswith("tally/") else ():
            module = import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2_grpc")
            servicer = getattr(module, f"{service.name}Servicer")()
            getattr(module, f"add_{service.name}Servicer_to_server")(servicer, server)
