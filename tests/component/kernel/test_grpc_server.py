"""A real server with the common guards, called over a real channel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from pydantic import SecretStr

from tally.api.camera.v1 import camera_pb2, camera_service_pb2, camera_service_pb2_grpc
from tally.api.realtime.v1 import realtime_service_pb2, realtime_service_pb2_grpc
from tally.kernel.contracts import methods
from tally.kernel.errors import Conflict, NotFound, Unauthenticated
from tally.kernel.grpc.access import current_principal
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.deadline import onward_timeout
from tally.kernel.grpc.server import RunningServer, serve
from tally.kernel.identity import Authenticator, Principal
from tally.kernel.settings import ServiceSettings
from tests.callers import Anybody, Forgetful

CAMERA_ID = "0190a5b2-0000-7000-8000-000000000001"


class Cameras(camera_service_pb2_grpc.CameraServiceServicer):
    """Answers in the ways that the guards must cope with."""

    async def GetCamera(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        if request.camera_id != CAMERA_ID:
            raise NotFound(
                "no such camera", reason="CAMERA_NOT_FOUND", metadata={"id": request.camera_id}
            )
        camera = camera_pb2.Camera(id=CAMERA_ID, name=current_principal().subject)
        return camera_service_pb2.GetCameraResponse(camera=camera)

    async def ListCameras(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        if request.page_token == "secret":
            raise RuntimeError("password=hunter2")
        timeout = onward_timeout(None)
        return camera_service_pb2.ListCamerasResponse(next_page_token=str(timeout))

    async def DeleteCamera(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        await asyncio.Event().wait()


class Live(realtime_service_pb2_grpc.RealtimeServiceServicer):
    """Streams two messages, then fails."""

    async def Subscribe(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        for token in ("a", "b"):
            yield realtime_service_pb2.SubscribeResponse(resume_token=token)
        raise Conflict("enough")


class Tokens:
    """Recognises one reader and one nobody."""

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        token = metadata.get("authorization")
        if token is None:
            return None
        if token == "Bearer reader":
            return Principal("user:reader", frozenset({"camera:read", "analytics:read"}))
        raise Unauthenticated("unknown token")


ANYBODY = Anybody()
READER = (("authorization", "Bearer reader"),)


@asynccontextmanager
async def running(
    authenticator: Authenticator = ANYBODY, probe: Any = None
) -> AsyncIterator[tuple[RunningServer, grpc.aio.Channel]]:
    settings = ServiceSettings(
        listen="127.0.0.1:0",
        database_url=SecretStr(""),
        nats_url=SecretStr(""),
        shutdown_grace_s=0.2,
    )

    def register(server: grpc.aio.Server) -> None:
        cameras = Cameras()  # type: ignore[abstract]  # the methods left out are never called
        camera_service_pb2_grpc.add_CameraServiceServicer_to_server(cameras, server)
        realtime_service_pb2_grpc.add_RealtimeServiceServicer_to_server(Live(), server)

    dependencies = {"database": probe} if probe else {}
    async with (
        serve("camera", settings, register, dependencies, authenticator, Forgetful()) as server,
        connect(server.address) as channel,
    ):
        yield server, channel


def error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # the stubs know the sync call only
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info


async def test_an_allowed_call_reaches_the_servicer_with_its_principal() -> None:
    async with running(Tokens()) as (_, channel):
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        response = await stub.GetCamera(
            camera_service_pb2.GetCameraRequest(camera_id=CAMERA_ID), metadata=READER
        )
        assert response.camera.name == "user:reader"


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "Bearer forged"),), grpc.StatusCode.UNAUTHENTICATED),
        (READER, grpc.StatusCode.PERMISSION_DENIED),
    ],
)
async def test_a_call_that_the_policy_does_not_allow_is_refused(
    metadata: tuple[tuple[str, str], ...], code: grpc.StatusCode
) -> None:
    async with running(Tokens()) as (_, channel):
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.DeleteCamera(
                camera_service_pb2.DeleteCameraRequest(camera_id=CAMERA_ID), metadata=metadata
            )
        assert caught.value.code() is code


async def test_every_violation_of_an_invalid_request_is_told() -> None:
    async with running() as (_, channel):
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.CreateCamera(
                camera_service_pb2.CreateCameraRequest(
                    camera=camera_pb2.Camera(name=" "), request_id="nonsense"
                )
            )
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        status = rpc_status.from_call(caught.value)  # type: ignore[arg-type]  # the stubs know the sync call only
        assert status is not None
        bad_request = error_details_pb2.BadRequest()
        assert any(detail.Unpack(bad_request) for detail in status.details)
        fields = {violation.field for violation in bad_request.field_violations}
        assert fields == {"camera.name", "camera.stream", "request_id"}


async def test_a_domain_error_keeps_its_reason_and_metadata() -> None:
    async with running() as (_, channel):
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        missing = CAMERA_ID[:-1] + "9"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetCamera(camera_service_pb2.GetCameraRequest(camera_id=missing))
        info = error_info(caught.value)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND
        assert (info.reason, info.domain) == ("CAMERA_NOT_FOUND", "camera.tally.api")
        assert info.metadata["id"] == missing


async def test_an_unknown_error_tells_nothing_of_itself() -> None:
    async with running() as (_, channel):
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.ListCameras(camera_service_pb2.ListCamerasRequest(page_token="secret"))
        assert caught.value.code() is grpc.StatusCode.INTERNAL
        assert "hunter2" not in (caught.value.details() or "")


async def test_a_stream_delivers_what_came_before_its_error() -> None:
    async with running(Tokens()) as (_, channel):
        stub = realtime_service_pb2_grpc.RealtimeServiceStub(channel)
        call = stub.Subscribe(realtime_service_pb2.SubscribeRequest(), metadata=READER)
        tokens = []
        with pytest.raises(grpc.aio.AioRpcError) as caught:  # noqa: PT012 - it is the iteration that must raise
            async for message in call:
                tokens.append(message.resume_token)  # noqa: PERF401 - the error must find what came before it
        assert tokens == ["a", "b"]
        assert caught.value.code() is grpc.StatusCode.ABORTED


async def test_a_call_ends_at_its_deadline() -> None:
    async with running() as (_, channel):
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.DeleteCamera(
                camera_service_pb2.DeleteCameraRequest(camera_id=CAMERA_ID), timeout=0.1
            )
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_calls_made_onwards_get_less_time_than_the_call_has() -> None:
    async with running() as (_, channel):
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        without = await stub.ListCameras(camera_service_pb2.ListCamerasRequest())
        shorter = await stub.ListCameras(camera_service_pb2.ListCamerasRequest(), timeout=2)
        assert 8 < float(without.next_page_token) < 10  # the policy's 10 s, less the margin
        assert float(shorter.next_page_token) < 2


async def test_a_method_of_no_contract_is_not_served() -> None:
    async with running() as (_, channel):
        call = channel.unary_unary(
            "/tally.api.camera.v1.CameraService/Explode",
            request_serializer=bytes,
            response_deserializer=bytes,
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"")
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_health_follows_the_dependencies() -> None:
    broken = False

    async def probe() -> None:
        if broken:
            raise ConnectionError("gone")

    async with running(probe=probe) as (server, channel):
        stub = health_pb2_grpc.HealthStub(channel)

        async def status(service: str) -> Any:
            return (await stub.Check(health_pb2.HealthCheckRequest(service=service))).status

        serving, not_serving = (
            health_pb2.HealthCheckResponse.SERVING,
            health_pb2.HealthCheckResponse.NOT_SERVING,
        )
        assert await status("") == serving
        assert await status("tally.api.camera.v1.CameraService") == serving
        broken = True
        await server.health.check()
        assert await status("") == not_serving
        assert await status("dependency/database") == not_serving


async def test_health_can_be_watched() -> None:
    async with running() as (_, channel):
        stub = health_pb2_grpc.HealthStub(channel)
        call = stub.Watch(health_pb2.HealthCheckRequest())
        assert (await call.read()).status == health_pb2.HealthCheckResponse.SERVING
        call.cancel()


async def test_reflection_lists_the_whole_api() -> None:
    async with running(Tokens()) as (_, channel):
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="*")
        call = stub.ServerReflectionInfo(iter([request]))
        names = [
            service.name
            async for response in call
            for service in response.list_services_response.service
        ]
        assert "tally.api.camera.v1.CameraService" in names
        assert "tally.api.analytics.v1.AnalyticsService" in names


async def test_reflection_describes_services_of_every_context() -> None:
    async with running(Tokens()) as (_, channel):
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        for method in methods().values():
            request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=method.service)
            async for response in stub.ServerReflectionInfo(iter([request])):
                assert response.file_descriptor_response.file_descriptor_proto


async def test_a_taken_address_is_named() -> None:
    async with running() as (server, _):
        settings = ServiceSettings(
            listen=server.address, database_url=SecretStr(""), nats_url=SecretStr("")
        )
        with pytest.raises(OSError, match=server.address):
            async with serve("camera", settings, lambda server: None, {}, trail=Forgetful()):
                pass
