"""Which answers may be kept, how clients ask whether theirs still hold, and what is compressed."""

import gzip
import json
import ssl

import grpc
import httpx
import pytest

from tally.api.camera.v1 import camera_pb2, camera_service_pb2, camera_service_pb2_grpc
from tally.kernel import errors
from tally.stack.certificates import authority_file
from tests.component.auth.matrix import KEY
from tests.component.gateway.conftest import ADMINISTRATOR, Setup
from tests.component.gateway.test_gateway import failing

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAMERA_ID = "0190a5b2-0000-7000-8000-000000000001"
GET = f"/api/v1/cameras/{CAMERA_ID}"


async def test_a_resource_comes_with_its_etag_and_is_kept_for_its_reader_alone(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    setup.cameras.etag = "7"
    answer = await http.get(GET)
    assert answer.headers["etag"] == 'W/"7"'
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.json()["camera"]["etag"] == "7"


@pytest.mark.parametrize("known", ['W/"7"', '"7"', '"5", W/"7"', "*"])
async def test_whoever_has_the_present_version_is_told_so_without_it(
    setup: Setup, http: httpx.AsyncClient, known: str
) -> None:
    setup.cameras.etag = "7"
    setup.cameras.labels = {f"label-{number}": "x" * 200 for number in range(64)}
    answer = await http.get(GET, headers={"if-none-match": known})
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["etag"] == 'W/"7"'
    after = await http.get(GET)
    assert after.status_code == 200, "the connection goes on"


async def test_the_same_holds_over_http2(setup: Setup) -> None:
    setup.cameras.etag = "7"
    trust = ssl.create_default_context(cafile=str(authority_file(setup.folder)))
    async with httpx.AsyncClient(
        base_url=f"https://{setup.gateway.tls.listen}",
        verify=trust,
        http2=True,
        headers=ADMINISTRATOR,
    ) as http:
        answer = await http.get(GET, headers={"if-none-match": 'W/"7"'})
        assert (answer.http_version, answer.status_code, answer.content) == ("HTTP/2", 304, b"")


async def test_whoever_has_another_version_gets_the_present_one(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    setup.cameras.etag = "8"
    answer = await http.get(GET, headers={"if-none-match": 'W/"7"'})
    assert answer.status_code == 200
    assert answer.json()["camera"]["etag"] == "8"


async def test_failures_are_never_kept(setup: Setup, http: httpx.AsyncClient) -> None:
    setup.cameras.behave = failing(errors.NotFound("none", reason="CAMERA_NOT_FOUND"))
    answer = await http.get(GET, headers={"if-none-match": "*"})
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


async def test_lists_and_creations_are_not_kept(setup: Setup, http: httpx.AsyncClient) -> None:
    door = {"name": "Door", "stream": {"uri": "demo://plaza"}}
    for answer in (
        await http.get("/api/v1/cameras"),
        await http.post("/api/v1/cameras", json=door),
    ):
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers


async def test_grpc_answers_are_never_conditional(setup: Setup, channel: grpc.aio.Channel) -> None:
    setup.cameras.etag = "7"
    stub = camera_service_pb2_grpc.CameraServiceStub(channel)
    answer = await stub.GetCamera(
        camera_service_pb2.GetCameraRequest(camera_id=CAMERA_ID),
        metadata=(("if-none-match", 'W/"7"'),),
    )
    assert answer.camera.etag == "7"


async def test_keys_may_be_kept_as_long_as_their_contract_says(setup: Setup) -> None:
    async with httpx.AsyncClient(base_url=setup.url) as http:
        answer = await http.get("/.well-known/jwks.json")
    assert answer.json()["keys"][0]["kid"] == KEY.id
    assert answer.headers["cache-control"] == "public, max-age=300"


async def test_large_answers_are_compressed_for_who_asks(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    setup.cameras.listed = [camera_pb2.Camera(name=f"camera {number}") for number in range(500)]
    plain = await http.get("/api/v1/cameras", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for accepted, chosen in (("gzip", "gzip"), ("gzip, br", "br")):
        async with http.stream(
            "GET", "/api/v1/cameras", headers={"accept-encoding": accepted}
        ) as answer:
            packed = b"".join([piece async for piece in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == chosen
        assert len(packed) < len(plain.content) / 5
        if chosen == "gzip":
            assert gzip.decompress(packed) == plain.content


async def test_a_compressed_resource_keeps_its_etag(setup: Setup, http: httpx.AsyncClient) -> None:
    setup.cameras.etag = "7"
    setup.cameras.labels = {f"label-{number}": "x" * 200 for number in range(64)}
    answer = await http.get(GET, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["etag"] == 'W/"7"'


async def test_streams_are_not_held_back_by_a_compressor(
    setup: Setup, http: httpx.AsyncClient
) -> None:
    tokens = []
    setup.live.go_on.release()
    async with http.stream(
        "GET", "/api/v1/events", headers={"accept-encoding": "gzip, br"}
    ) as answer:
        assert "content-encoding" not in answer.headers
        async for line in answer.aiter_lines():
            tokens.append(json.loads(line)["resumeToken"])
            setup.live.go_on.release()
    assert len(tokens) == 3
