"""One port, three protocols: what the contracts promise holds at the gateway."""

import asyncio
import json
import struct
import sys
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2

from gateway_envoy.filters import STATUS_HEADER
from tally.api.camera.v1 import camera_pb2, camera_service_pb2, camera_service_pb2_grpc, stream_pb2
from tally.api.realtime.v1 import realtime_service_pb2, realtime_service_pb2_grpc
from tally.kernel import errors
from tally.kernel.contracts import methods
from tests.component.auth.matrix import token
from tests.component.gateway.conftest import MAX_REQUESTS, Setup

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAMERA_ID = "0190a5b2-0000-7000-8000-000000000001"
DOOR = {"name": "Door", "stream": {"uri": "demo://plaza"}}
GET = f"/api/v1/cameras/{CAMERA_ID}"


def failing(error: Exception, times: int | None = None) -> Any:
    left = times

    async def behave(context: Any) -> None:
        nonlocal left
        if left is None or left > 0:
            left = None if left is None else left - 1
            raise error

    return behave


async def test_a_creation_answers_201_with_the_camera(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/v1/cameras", json=DOOR)
    assert answer.status_code == 201
    assert answer.json()["camera"]["name"] == "Door"
    assert STATUS_HEADER not in answer.headers


async def test_the_same_creation_over_grpc_is_ok(channel: grpc.aio.Channel) -> None:
    stub = camera_service_pb2_grpc.CameraServiceStub(channel)
    camera = camera_pb2.Camera(name="Door", stream=stream_pb2.Stream(uri="demo://plaza"))
    call = stub.CreateCamera(camera_service_pb2.CreateCameraRequest(camera=camera))
    assert (await call).camera.name == "Door"
    assert await call.code() is grpc.StatusCode.OK
    assert STATUS_HEADER not in {key for key, _ in await call.initial_metadata() or ()}


async def test_invalid_input_answers_400_with_every_field(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    answer = await http.post("/api/v1/cameras", json={"name": " "})
    assert answer.status_code == 400
    details = {detail["@type"].rpartition(".")[2]: detail for detail in answer.json()["details"]}
    fields = {each["field"] for each in details["BadRequest"]["fieldViolations"]}
    assert fields == {"camera.name", "camera.stream"}
    assert setup.cameras.calls == 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound("none", reason="CAMERA_NOT_FOUND"), 404),
        (errors.AlreadyExists("taken"), 409),
        (errors.Conflict("stale"), 409),
        (errors.FailedPrecondition("no"), 400),
        (errors.Unauthenticated("who?"), 401),
        (errors.PermissionDenied("no"), 403),
        (errors.ResourceExhausted("later"), 429),
        (errors.Unavailable("away"), 503),
        (RuntimeError("secret"), 500),
    ],
)
async def test_each_error_has_its_http_status(
    setup: Setup, http: httpx.AsyncClient, error: Exception, status: int
) -> None:
    setup.cameras.behave = failing(error)
    answer = await http.get(GET)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert "secret" not in answer.text
    if isinstance(error, errors.DomainError):
        assert answer.json()["message"] == str(error)
        assert answer.json()["details"][0]["reason"] == error.reason


async def test_what_no_contract_knows_is_refused(setup: Setup, http: httpx.AsyncClient) -> None:
    unknown = await http.get("/api/v2/cameras")
    assert unknown.status_code == 404
    assert unknown.json()["code"] == grpc.StatusCode.NOT_FOUND.value[0]
    assert (await http.get("/api/v1/workers")).status_code == 404, "not in this gateway's table"
    for refused in (
        await http.get("/api/v1/cameras?colour=red"),
        await http.get("/api/v1/cameras?pageSize=many"),
        await http.post("/api/v1/cameras", content=b"{nonsense"),
    ):
        assert refused.status_code == 400
        assert refused.json()["code"] == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert setup.cameras.calls == 0


async def test_zero_values_are_told(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/v1/cameras")).json() == {"cameras": [], "nextPageToken": ""}


@pytest.mark.parametrize("failures", [1, 2])
async def test_repeatable_calls_are_repeated_as_the_policy_says(
    setup: Setup, http: httpx.AsyncClient, failures: int
) -> None:
    setup.cameras.behave = failing(errors.Unavailable("away"), failures)
    assert (await http.get(GET)).status_code == 200
    assert setup.cameras.calls == failures + 1


async def test_they_are_repeated_no_more_often(setup: Setup, http: httpx.AsyncClient) -> None:
    setup.cameras.behave = failing(errors.Unavailable("away"))
    assert (await http.get(GET)).status_code == 503
    assert setup.cameras.calls == 3


async def test_other_calls_are_never_repeated(setup: Setup, http: httpx.AsyncClient) -> None:
    setup.cameras.behave = failing(errors.Unavailable("away"))
    assert (await http.post("/api/v1/cameras", json=DOOR)).status_code == 503
    assert setup.cameras.calls == 1


async def test_nobody_outside_can_have_calls_repeated(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    setup.cameras.behave = failing(errors.Unavailable("away"))
    wish = {"x-envoy-retry-grpc-on": "unavailable", "x-envoy-max-retries": "5"}
    assert (await http.post("/api/v1/cameras", json=DOOR, headers=wish)).status_code == 503
    assert setup.cameras.calls == 1


@pytest.mark.parametrize(("asked", "left_s"), [("2000m", 2.0), ("60S", 10.0), (None, 10.0)])
async def test_the_shorter_of_the_callers_and_the_policys_deadline_counts(
    setup: Setup, http: httpx.AsyncClient, asked: str | None, left_s: float
) -> None:
    left = []

    async def look(context: Any) -> None:
        left.append(context.time_remaining())

    setup.cameras.behave = look
    await http.get(GET, headers={"grpc-timeout": asked} if asked else {})
    assert left == [pytest.approx(left_s, abs=1.0)]
    assert left[0] <= left_s


async def test_a_call_that_takes_too_long_ends(setup: Setup, http: httpx.AsyncClient) -> None:
    async def hang(context: Any) -> None:
        await asyncio.Event().wait()

    setup.cameras.behave = hang
    answer = await http.get(GET, headers={"grpc-timeout": "300m"})
    assert answer.status_code == 504
    assert answer.json()["code"] == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]


async def test_what_is_too_much_is_refused_at_once(
    setup: Setup, http: httpx.AsyncClient, channel: grpc.aio.Channel
) -> None:
    release = asyncio.Event()
    arrived = asyncio.Semaphore(0)

    async def wait(context: Any) -> None:
        arrived.release()
        await release.wait()

    setup.cameras.behave = wait
    held = [asyncio.create_task(http.get(GET)) for _ in range(MAX_REQUESTS)]
    for _ in held:
        await arrived.acquire()
    refused = await http.get(GET)
    assert refused.status_code == 503
    assert refused.json()["code"] == grpc.StatusCode.UNAVAILABLE.value[0]
    assert setup.cameras.calls == MAX_REQUESTS
    setup.live.go_on.release()
    live = realtime_service_pb2_grpc.RealtimeServiceStub(channel)
    subscription = live.Subscribe(realtime_service_pb2.SubscribeRequest())
    async for message in subscription:
        assert message.resume_token == "token-0", "other contexts have room"
        break
    subscription.cancel()
    release.set()
    assert {(await answer).status_code for answer in held} == {200}


@pytest.mark.parametrize("path", ["/grpc.health.v1.Health/Check", "/elsewhere.v1.Service/Call"])
async def test_grpc_beyond_the_contracts_stays_outside(
    channel: grpc.aio.Channel, http: httpx.AsyncClient, path: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary(path, bytes, bytes)(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    answer = await http.post(path, content=grpc_web(health_pb2.HealthCheckRequest()), headers=WEB)
    assert answer.status_code == 404, "which gRPC-Web clients read as UNIMPLEMENTED"


async def test_a_stream_over_rest_arrives_line_by_line(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    tokens = []
    setup.live.go_on.release()
    async with asyncio.timeout(20), http.stream("GET", "/api/v1/events") as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            tokens.append(json.loads(line)["resumeToken"])
            # The next message is sent only now that this one is here: nothing is held back.
            setup.live.go_on.release()
    assert tokens == ["token-0", "token-1", "token-2"]


async def test_a_stream_over_grpc(setup: Setup, channel: grpc.aio.Channel) -> None:
    stub = realtime_service_pb2_grpc.RealtimeServiceStub(channel)
    tokens = []
    setup.live.go_on.release()
    async for message in stub.Subscribe(realtime_service_pb2.SubscribeRequest()):
        tokens.append(message.resume_token)
        setup.live.go_on.release()
    assert tokens == ["token-0", "token-1", "token-2"]


def grpc_web(message: Any) -> bytes:
    content: bytes = message.SerializeToString()
    return struct.pack(">BI", 0, len(content)) + content


def frames(body: bytes) -> list[tuple[int, bytes]]:
    found = []
    while body:
        kind, length = struct.unpack(">BI", body[:5])
        found.append((kind, body[5 : 5 + length]))
        body = body[5 + length :]
    return found


WEB = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
TRAILERS = 0x80


async def test_a_call_from_a_browser(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/tally.api.camera.v1.CameraService/GetCamera",
        content=grpc_web(camera_service_pb2.GetCameraRequest(camera_id=CAMERA_ID)),
        headers=WEB,
    )
    (kind, content), (last, trailers) = frames(answer.content)
    assert kind == 0
    assert camera_service_pb2.GetCameraResponse.FromString(content).camera.id == CAMERA_ID
    assert last == TRAILERS
    assert b"grpc-status:0" in trailers.replace(b" ", b"")


async def test_an_error_to_a_browser_has_its_details(setup: Setup, http: httpx.AsyncClient) -> None:
    setup.cameras.behave = failing(errors.NotFound("none", reason="CAMERA_NOT_FOUND"))
    answer = await http.post(
        "/tally.api.camera.v1.CameraService/GetCamera",
        content=grpc_web(camera_service_pb2.GetCameraRequest(camera_id=CAMERA_ID)),
        headers=WEB,
    )
    assert answer.status_code == 200
    assert answer.headers["grpc-status"] == str(grpc.StatusCode.NOT_FOUND.value[0])
    assert answer.headers["grpc-status-details-bin"]


async def test_a_stream_reaches_a_browser_message_by_message(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    body = b""
    setup.live.go_on.release()
    async with (
        asyncio.timeout(20),
        http.stream(
            "POST",
            "/tally.api.realtime.v1.RealtimeService/Subscribe",
            content=grpc_web(realtime_service_pb2.SubscribeRequest()),
            headers=WEB,
        ) as answer,
    ):
        async for chunk in answer.aiter_bytes():
            body += chunk
            setup.live.go_on.release()
    assert [kind for kind, _ in frames(body)] == [0, 0, 0, TRAILERS]


async def test_pages_of_named_origins_only_may_call(setup: Setup, http: httpx.AsyncClient) -> None:
    origin = setup.gateway.cors_origins[0]
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "x-grpc-web"}
    path = "/tally.api.camera.v1.CameraService/GetCamera"
    allowed = await http.options(path, headers={"origin": origin, **asks})
    assert allowed.headers["access-control-allow-origin"] == origin
    assert "x-grpc-web" in allowed.headers["access-control-allow-headers"]
    refused = await http.options(path, headers={"origin": "https://elsewhere.example", **asks})
    assert "access-control-allow-origin" not in refused.headers
    answer = await http.get(GET, headers={"origin": origin})
    assert "grpc-status-details-bin" in answer.headers["access-control-expose-headers"], (
        answer.headers
    )


PROTOCOLS = pytest.mark.parametrize(
    "protocol", [["--protocol", "grpc", "--http2-prior-knowledge"], ["--protocol", "grpcweb"]]
)


async def buf_curl(*arguments: str, folder: Path) -> str:
    """What `buf curl` prints; it learns the contracts by reflection through the gateway."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.prefix) / "bin" / "buf"), "curl", *arguments,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return output.decode()


@PROTOCOLS
async def test_buf_curl_needs_nothing_but_the_address(
    setup: Setup, tmp_path: Path, protocol: list[str]
) -> None:
    url = f"{setup.url}/tally.api.camera.v1.CameraService/GetCamera"
    data = json.dumps({"cameraId": CAMERA_ID})
    output = await buf_curl(
        *protocol, "-H", f"authorization: Bearer {token()}", "-d", data, url, folder=tmp_path
    )
    assert json.loads(output)["camera"]["id"] == CAMERA_ID


@PROTOCOLS
async def test_buf_curl_lists_every_method(
    setup: Setup, tmp_path: Path, protocol: list[str]
) -> None:
    listed = await buf_curl(*protocol, "--list-methods", setup.url, folder=tmp_path)
    assert {path.removeprefix("/") for path in methods()} <= set(listed.split())


async def test_healthz_tells_that_the_gateway_serves(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).status_code == 200
