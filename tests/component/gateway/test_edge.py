"""What the gateway refuses, and what it takes from requests and answers that pass it."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from benchmarks.gateway.attacks import QUICK, SLOW
from benchmarks.gateway.backend import CONTEXT, READ, Logins, serving
from benchmarks.gateway.wire import answer_to, connected
from gateway_envoy import edge
from gateway_envoy.table import Context
from tally.api.camera.v1 import camera_pb2
from tally.api.realtime.v1 import realtime_service_pb2, realtime_service_pb2_grpc
from tally.kernel.contracts import Method
from tally.kernel.grpc.client import connect
from tally.stack.envoy import EnvoyServer, private_gateway
from tally.stack.folder import DataFolder, free_port
from tests.component.auth.matrix import token
from tests.component.gateway.conftest import (
    Live,
    Setup,
    gateway_to,
    running_setup,
    serving_live,
)
from tests.meshes import Bearer

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAMERA_ID = "0190a5b2-0000-7000-8000-000000000001"
GET = f"/api/v1/cameras/{CAMERA_ID}"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that waits for seconds where it would wait for a minute."""
    monkeypatch.setattr(edge, "STREAM_IDLE_S", 2)
    monkeypatch.setattr(edge, "HEADERS_S", 1)
    monkeypatch.setattr(edge, "BODY_S", 1)
    monkeypatch.setattr(Method, "deadline_s", property(lambda method: 2.0))


@pytest.mark.parametrize("kind", [*QUICK, *SLOW])
async def test_hostile_requests_are_refused_and_good_ones_are_not(
    impatient: None, tmp_path: Path, kind: str
) -> None:
    logins = Logins()  # type: ignore[abstract]  # the methods left out are never called
    folder = DataFolder(tmp_path)
    async with serving(logins) as server:
        contexts = {CONTEXT: Context(address=server.address, max_requests=200)}
        envoy = EnvoyServer(folder, private_gateway(folder, contexts=contexts))
        await envoy.start()
        try:
            refused = await (QUICK | SLOW)[kind](envoy.gateway.listen)
            assert all(refused), refused
            assert logins.count == 0
            async with httpx.AsyncClient(base_url=f"http://{envoy.gateway.listen}") as http:
                assert (await http.get(READ)).status_code == 200
        finally:
            await envoy.stop()


async def test_who_comes_when_there_are_enough_connections_is_turned_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(edge, "MAX_CONNECTIONS", 3)
    nobody = f"127.0.0.1:{free_port()}"
    async with (
        gateway_to(DataFolder(tmp_path), {"camera": nobody}) as envoy,
        AsyncExitStack() as held,
    ):
        health = f"http://{envoy.gateway.listen}/healthz"
        # A client that kept its connection would never be turned away.
        async with (
            httpx.AsyncClient(headers={"connection": "close"}) as http,
            asyncio.timeout(60),
        ):
            while await answers(http, health):
                await held.enter_async_context(connected(envoy.gateway.listen))
            figures = await http.get(f"http://{envoy.gateway.admin}/stats/prometheus")
            assert figures.status_code == 200, "whoever looks after it is let in"
            await held.aclose()
            async with asyncio.timeout(60):
                while not await answers(http, health):
                    await asyncio.sleep(0.05)


async def test_nothing_is_taken_on_while_memory_is_short(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(edge, "MAX_HEAP_BYTES", 1)
    nobody = f"127.0.0.1:{free_port()}"
    async with (
        gateway_to(DataFolder(tmp_path), {"camera": nobody}) as envoy,
        httpx.AsyncClient() as http,
    ):
        async with asyncio.timeout(20):
            while await answers(http, f"http://{envoy.gateway.listen}/healthz"):
                await asyncio.sleep(0.05)
        assert await answers(http, f"http://{envoy.gateway.admin}/ready"), "who looks after it"


async def test_streams_outlive_the_age_at_which_connections_take_nothing_new(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(edge, "CONNECTION_S", 1)
    live = Live()
    async with (
        serving_live(live) as realtime,
        gateway_to(DataFolder(tmp_path), {"realtime": realtime.address}) as envoy,
        connect(envoy.gateway.listen, credentials=Bearer(token())) as channel,
    ):
        stub = realtime_service_pb2_grpc.RealtimeServiceStub(channel)
        messages = aiter(stub.Subscribe(realtime_service_pb2.SubscribeRequest()))
        live.go_on.release()
        await anext(messages)
        async with asyncio.timeout(20):
            await channel.wait_for_state_change(grpc.ChannelConnectivity.READY)
        live.go_on.release()
        assert (await anext(messages)).resume_token == "token-1"


async def answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == 200
    except httpx.TransportError:
        return False


async def test_a_body_that_is_too_large_is_refused_in_json(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    body = b'{"name": "' + b"x" * edge.MAX_BODY_BYTES + b'"}'
    answer = await http.post("/api/v1/cameras", content=body)
    assert answer.status_code == 413
    assert answer.json()["code"] == 8
    assert setup.cameras.calls == 0


async def test_a_body_that_does_not_come_is_not_waited_for(impatient: None, tmp_path: Path) -> None:
    request = b"POST /api/v1/cameras HTTP/1.1\r\nhost: tally\r\ncontent-length: 9\r\n\r\n"
    async with running_setup(DataFolder(tmp_path)) as setup:
        answer = await answer_to(setup.gateway.listen, request)
    assert answer is not None
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["code"] == 4


async def test_answers_larger_than_buffers_arrive_whole(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    setup.cameras.listed = [camera_pb2.Camera(name=f"{number:0100}") for number in range(10_000)]
    answer = await http.get("/api/v1/cameras")
    assert len(answer.content) > 1_700_000
    names = [camera["name"] for camera in answer.json()["cameras"]]
    assert names == [camera.name for camera in setup.cameras.listed]


@pytest.mark.parametrize(
    "header",
    ["x-tally-user", "x-forwarded-user", "x-forwarded-client-cert", "x-remote-user", "x-real-ip",
     "x-auth-request-email"],
)  # fmt: skip
async def test_nobody_outside_can_say_who_calls(
    setup: Setup, http: httpx.AsyncClient, header: str
) -> None:
    seen = await metadata_of(setup, http, {header: "user:somebody-else"})
    assert "somebody-else" not in json.dumps(seen)


async def test_nobody_outside_can_say_where_a_call_comes_from(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    seen = await metadata_of(setup, http, {"x-forwarded-for": "192.0.2.7"})
    assert "192.0.2.7" not in seen["x-forwarded-for"]


async def test_each_request_has_one_id_of_the_gateways_own(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    seen = await metadata_of(setup, http, {"x-request-id": "chosen-outside"})
    assert seen["x-request-id"] not in ("", "chosen-outside")
    assert seen["answer"]["x-request-id"] == seen["x-request-id"]


async def metadata_of(
    setup: Setup, http: httpx.AsyncClient, headers: dict[str, str]
) -> dict[str, Any]:
    """What a context is told of a request with `headers`, and the answer's headers as `answer`."""
    seen: dict[str, Any] = {}

    async def look(context: Any) -> None:
        seen.update(context.invocation_metadata())

    setup.cameras.behave = look
    answer = await http.get(GET, headers=headers)
    assert answer.status_code == 200
    return seen | {"answer": dict(answer.headers)}


@pytest.mark.parametrize("path", [GET, "/api/v1/nothing", "/healthz"])
async def test_every_answer_is_safe_in_browsers_and_silent_about_what_runs_here(
    http: httpx.AsyncClient, path: str
) -> None:
    headers = (await http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    assert not [name for name in headers if name.startswith("x-envoy")]
