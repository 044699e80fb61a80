"""What callers see when a context does not answer at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import httpx
import pytest

from benchmarks.retry_storm import storm
from tally.api.camera.v1 import camera_service_pb2, camera_service_pb2_grpc
from tally.api.realtime.v1 import realtime_service_pb2, realtime_service_pb2_grpc
from tally.kernel.contracts import Method
from tally.kernel.grpc.client import connect
from tally.stack.folder import DataFolder, free_ports
from tests.component.auth.matrix import token
from tests.component.gateway.conftest import ADMINISTRATOR, Live, gateway_to, serving_live
from tests.meshes import Bearer

CAMERA_ID = "0190a5b2-0000-7000-8000-000000000001"


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Accepts connections, reads, and never says a word."""

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"


async def code_of_a_call(gateway: str) -> grpc.StatusCode:
    async with connect(gateway, credentials=Bearer(token())) as channel:
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetCamera(camera_service_pb2.GetCameraRequest(camera_id=CAMERA_ID))
        return caught.value.code()


async def rest_answer(gateway: str) -> httpx.Response:
    async with httpx.AsyncClient(
        base_url=f"http://{gateway}", headers=ADMINISTRATOR, timeout=20
    ) as http:
        return await http.get(f"/api/v1/cameras/{CAMERA_ID}")


async def test_a_context_that_is_down_is_unavailable_and_others_are_not(tmp_path: Path) -> None:
    live = Live()
    nobody = f"127.0.0.1:{free_ports(1)[0]}"
    async with (
        serving_live(live) as realtime,
        gateway_to(DataFolder(tmp_path), {"camera": nobody, "realtime": realtime.address}) as envoy,
    ):
        gateway = envoy.gateway.listen
        answer = await rest_answer(gateway)
        assert answer.status_code == 503
        assert answer.json()["code"] == grpc.StatusCode.UNAVAILABLE.value[0]
        assert await code_of_a_call(gateway) is grpc.StatusCode.UNAVAILABLE
        live.go_on.release()
        async with connect(gateway, credentials=Bearer(token())) as channel:
            stub = realtime_service_pb2_grpc.RealtimeServiceStub(channel)
            subscription = stub.Subscribe(realtime_service_pb2.SubscribeRequest())
            async for message in subscription:
                assert message.resume_token == "token-0"
                break
            subscription.cancel()


async def test_a_context_that_hangs_costs_no_more_than_the_policys_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Method, "deadline_s", property(lambda method: 0.5))
    async with (
        silent_server() as address,
        gateway_to(DataFolder(tmp_path), {"camera": address}) as envoy,
    ):
        answer = await rest_answer(envoy.gateway.listen)
        assert answer.status_code == 504
        assert answer.json()["code"] == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
        assert await code_of_a_call(envoy.gateway.listen) is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_retries_do_not_bury_a_context_that_fails_every_call() -> None:
    calls, attempts = await storm(callers=50, seconds=1)
    assert calls < attempts <= 1.25 * calls
