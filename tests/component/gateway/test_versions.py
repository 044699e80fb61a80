"""A second version of a contract stands beside the first, without a change to the gateway's generator."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tally.api.camera.v1 import camera_pb2, camera_service_pb2, camera_service_pb2_grpc
from tally.kernel import contracts
from tally.stack.folder import DataFolder
from tests.component.gateway.conftest import ADMINISTRATOR, Cameras, gateway_to, serving

V1_FILE = "tally/api/camera/v1/camera_service.proto"
CAMERA = "/cameras/0190a5b2-0000-7000-8000-000000000001"


def with_second_version() -> FileDescriptorSet:
    """The contracts, with a `tally.api.camera.v2` that offers the same methods under `/api/v2`."""
    image = FileDescriptorSet()
    image.CopyFrom(contracts.descriptor_image())
    first = next(file for file in image.file if file.name == V1_FILE)
    second = image.file.add()
    second.CopyFrom(first)
    second.name = V1_FILE.replace("v1", "v2")
    second.package = "tally.api.camera.v2"
    second.dependency.append(V1_FILE)
    del second.message_type[:]
    for method in second.service[0].method:
        rule = method.options.Extensions[annotations_pb2.http]
        verb = rule.WhichOneof("pattern")
        assert verb is not None
        setattr(rule, verb, getattr(rule, verb).replace("/api/v1/", "/api/v2/"))
    return image


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Has everybody read contracts with a second version; the path of their image."""
    both = with_second_version()
    cached = (contracts.methods, contracts.descriptor_pool)
    monkeypatch.setattr(contracts, "descriptor_image", lambda: both)
    for function in cached:
        function.cache_clear()
    path = tmp_path / "contracts.binpb"
    path.write_bytes(both.SerializeToString())
    yield path
    monkeypatch.undo()
    for function in cached:
        function.cache_clear()


async def get_camera_v2(request: Any, context: Any) -> camera_service_pb2.GetCameraResponse:
    return camera_service_pb2.GetCameraResponse(camera=camera_pb2.Camera(name="of version 2"))


def add_both(cameras: Cameras, server: grpc.aio.Server) -> None:
    camera_service_pb2_grpc.add_CameraServiceServicer_to_server(cameras, server)
    handler = grpc.unary_unary_rpc_method_handler(
        get_camera_v2,
        request_deserializer=camera_service_pb2.GetCameraRequest.FromString,
        response_serializer=camera_service_pb2.GetCameraResponse.SerializeToString,
    )
    service = "tally.api.camera.v2.CameraService"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"GetCamera": handler}),)
    )


async def test_both_versions_answer(image: Path, tmp_path: Path) -> None:
    cameras = Cameras()  # type: ignore[abstract]  # the methods left out are never called
    async with (
        serving("camera", partial(add_both, cameras)) as camera,
        gateway_to(DataFolder(tmp_path), {"camera": camera.address}, contracts=str(image)) as envoy,
        httpx.AsyncClient(base_url=f"http://{envoy.gateway.listen}", headers=ADMINISTRATOR) as http,
    ):
        first = await http.get(f"/api/v1{CAMERA}")
        second = await http.get(f"/api/v2{CAMERA}")
        assert (first.status_code, second.status_code) == (200, 200)
        assert cameras.calls == 1
        assert second.json()["camera"]["name"] == "of version 2"
        assert (await http.get(f"/api/v3{CAMERA}")).status_code == 404
