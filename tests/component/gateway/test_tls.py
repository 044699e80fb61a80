"""TLS at the gateway: trusted through the authority, modern alone, for every protocol."""

import asyncio
import shutil
import ssl
from pathlib import Path

import grpc
import httpx
import pytest

from benchmarks.gateway.wire import answer_to
from gateway_envoy import edge
from gateway_envoy.__main__ import TARGET
from tally.api.camera.v1 import camera_service_pb2, camera_service_pb2_grpc
from tally.kernel.contracts import IMAGE
from tally.kernel.grpc.client import connect
from tally.stack.certificates import authority_file, development_certificate
from tally.stack.envoy import validate
from tally.stack.folder import DataFolder, free_port
from tests.component.auth.matrix import token
from tests.component.gateway.conftest import ADMINISTRATOR, Setup, gateway_to
from tests.meshes import Bearer

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAMERA_ID = "0190a5b2-0000-7000-8000-000000000001"
GET = f"/api/v1/cameras/{CAMERA_ID}"


def trusting(setup: Setup) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority_file(setup.folder)))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize(("http2", "version"), [(True, "HTTP/2"), (False, "HTTP/1.1")])
async def test_rest_over_tls_in_both_versions(
    setup: Setup, host: str, *, http2: bool, version: str
) -> None:
    port = setup.gateway.tls.listen.rpartition(":")[2]
    async with httpx.AsyncClient(
        verify=trusting(setup), http2=http2, headers=ADMINISTRATOR
    ) as http:
        answer = await http.get(f"https://{host}:{port}{GET}")
    assert answer.status_code == 200
    assert answer.http_version == version
    assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_grpc_over_tls(setup: Setup) -> None:
    trust = grpc.ssl_channel_credentials(authority_file(setup.folder).read_bytes())
    async with connect(setup.gateway.tls.listen, credentials=Bearer(token()), tls=trust) as channel:
        stub = camera_service_pb2_grpc.CameraServiceStub(channel)
        answer = await stub.GetCamera(camera_service_pb2.GetCameraRequest(camera_id=CAMERA_ID))
    assert answer.camera.id == CAMERA_ID


async def test_nobody_trusts_it_unasked(setup: Setup) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await http.get(f"https://{setup.gateway.tls.listen}{GET}")


@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
async def test_old_versions_are_refused(
    setup: Setup, version: ssl.TLSVersion, *, accepted: bool
) -> None:
    context = trusting(setup)
    # OpenSSL itself would refuse to offer the old version at its default level.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    host, _, port = setup.gateway.tls.listen.rpartition(":")
    if accepted:
        _, writer = await asyncio.open_connection(host, int(port), ssl=context)
        assert writer.get_extra_info("ssl_object").version() == version.name.replace("_", ".")
        writer.close()
    else:
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            await asyncio.open_connection(host, int(port), ssl=context)


async def test_handshakes_that_do_not_come_are_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(edge, "HEADERS_S", 1)
    nobody = f"127.0.0.1:{free_port()}"
    async with gateway_to(DataFolder(tmp_path), {"camera": nobody}) as envoy:
        assert await answer_to(envoy.gateway.tls.listen) == b""


async def test_in_clear_nothing_is_promised_about_tls(http: httpx.AsyncClient) -> None:
    assert "strict-transport-security" not in (await http.get(GET)).headers


async def test_the_committed_configuration_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    development_certificate(DataFolder(tmp_path / ".tally"))
    contracts = tmp_path / "services/tally/api/contracts.binpb"
    contracts.parent.mkdir(parents=True)
    shutil.copy(str(IMAGE), contracts)
    monkeypatch.chdir(tmp_path)
    assert await validate(TARGET) == ""
