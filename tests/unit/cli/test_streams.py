"""`tally cameras probe`, `snapshot` and `discover` say and save what servers answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from typer.testing import CliRunner

from tally.api.camera.v1 import (
    camera_pb2,
    camera_service_pb2,
    camera_service_pb2_grpc,
    discovery_pb2,
    probe_pb2,
    snapshot_pb2,
    stream_pb2,
    stream_service_pb2,
    stream_service_pb2_grpc,
)
from tally.cli import adopting, discovering, probing, snapshots
from tally.cli.main import app

PLAZA = camera_pb2.Camera(
    id="0190a5b2-0000-7000-8000-000000000001",
    name="Plaza",
    stream=stream_pb2.Stream(uri="rtsp://10.20.0.8:554/main"),
)
DEVICES = [
    discovery_pb2.DiscoveredDevice(address=f"http://10.20.0.{host}/onvif", name=name)
    for host, name in ((8, "Door"), (9, "Yard"))
]


class Cameras(camera_service_pb2_grpc.CameraServiceServicer):
    """One camera."""

    async def ListCameras(  # noqa: N802 - gRPC's name
        self, request: camera_service_pb2.ListCamerasRequest, context: object
    ) -> camera_service_pb2.ListCamerasResponse:
        return camera_service_pb2.ListCamerasResponse(cameras=[PLAZA])

    def __init__(self) -> None:
        self.created: list[camera_pb2.Camera] = []

    async def CreateCamera(  # noqa: N802 - gRPC's name
        self, request: camera_service_pb2.CreateCameraRequest, context: object
    ) -> camera_service_pb2.CreateCameraResponse:
        self.created.append(request.camera)
        return camera_service_pb2.CreateCameraResponse(camera=request.camera)


class Streams(stream_service_pb2_grpc.StreamServiceServicer):
    """Streams that play, but for those that refuse; and what was asked."""

    def __init__(self) -> None:
        self.probed: list[stream_service_pb2.ProbeStreamRequest] = []
        self.shown: list[stream_service_pb2.GetSnapshotRequest] = []
        self.described: list[stream_service_pb2.DescribeDeviceRequest] = []

    async def ProbeStream(  # noqa: N802 - gRPC's name
        self, request: stream_service_pb2.ProbeStreamRequest, context: object
    ) -> stream_service_pb2.ProbeStreamResponse:
        self.probed.append(request)
        if "refuses" in request.stream.uri:
            failure = probe_pb2.StreamFailure(
                reason=probe_pb2.STREAM_FAILURE_REASON_REFUSED, message="it refused the connection"
            )
            return stream_service_pb2.ProbeStreamResponse(
                probe=probe_pb2.StreamProbe(failure=failure)
            )
        found = probe_pb2.ProbedStream(
            codec="h264", width=640, height=360, frames_per_second=12.5, live=True, jpeg=b"picture"
        )
        return stream_service_pb2.ProbeStreamResponse(probe=probe_pb2.StreamProbe(stream=found))

    async def GetSnapshot(  # noqa: N802 - gRPC's name
        self, request: stream_service_pb2.GetSnapshotRequest, context: object
    ) -> stream_service_pb2.GetSnapshotResponse:
        self.shown.append(request)
        snapshot = snapshot_pb2.Snapshot(
            jpeg=b"now", age=Duration(seconds=2), people_hidden=True, detector="motion"
        )
        return stream_service_pb2.GetSnapshotResponse(snapshot=snapshot)

    async def DiscoverCameras(  # noqa: N802 - gRPC's name
        self, request: stream_service_pb2.DiscoverCamerasRequest, context: object
    ) -> stream_service_pb2.DiscoverCamerasResponse:
        return stream_service_pb2.DiscoverCamerasResponse(devices=DEVICES)

    async def DescribeDevice(  # noqa: N802 - gRPC's name
        self, request: stream_service_pb2.DescribeDeviceRequest, context: object
    ) -> stream_service_pb2.DescribeDeviceResponse:
        self.described.append(request)
        profiles = [
            discovery_pb2.DeviceProfile(name=name, uri=f"rtsp://10.20.0.8/{name}", width=width)
            for name, width in (("main", 1920), ("small", 640))
        ]
        device = discovery_pb2.DescribedDevice(
            manufacturer="Acme", model="IPC-2", profiles=profiles
        )
        description = discovery_pb2.DeviceDescription(device=device)
        if not request.credentials.username:
            failure = probe_pb2.StreamFailure(message="the device asks for a user")
            description = discovery_pb2.DeviceDescription(failure=failure)
        return stream_service_pb2.DescribeDeviceResponse(description=description)


@pytest.fixture
def cameras() -> Cameras:
    return Cameras()  # type: ignore[abstract]  # the methods left out are never called


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch, cameras: Cameras) -> Streams:
    servicer = Streams()

    @asynccontextmanager
    async def calling(gateway: str) -> AsyncIterator[grpc.aio.Channel]:
        server = grpc.aio.server()
        camera_service_pb2_grpc.add_CameraServiceServicer_to_server(cameras, server)
        stream_service_pb2_grpc.add_StreamServiceServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
        await server.stop(None)

    for module in (adopting, discovering, probing, snapshots):
        monkeypatch.setattr(module, "calling", calling)
    return servicer


def run(*arguments: str, typed: str = "") -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["cameras", *arguments], input=typed)
    return result.exit_code, result.output


def test_a_probe_describes_the_stream_and_saves_its_picture(
    streams: Streams, tmp_path: Path
) -> None:
    file = tmp_path / "yard.jpg"
    code, output = run(
        "probe", "rtsp://10.20.0.8/yard", "--username", "guest", "--password-stdin",
        "--save", str(file), typed="secret\n",
    )  # fmt: skip
    assert code == 0
    assert "h264, 640 × 360, 12.5 frames a second, live" in output
    assert file.read_bytes() == b"picture"
    assert streams.probed[0].stream.credentials.password == "secret"
    assert run("probe", "Plaza")[0] == 0
    assert streams.probed[1].camera_id == PLAZA.id


def test_a_stream_that_does_not_play_fails_the_command(streams: Streams) -> None:
    code, output = run("probe", "rtsp://refuses/yard")
    assert code == 1
    assert "refused: it refused the connection" in output


def test_a_snapshot_is_saved_with_its_age(streams: Streams, tmp_path: Path) -> None:
    file = tmp_path / "plaza.jpg"
    code, output = run("snapshot", "Plaza", "--save", str(file), "--overlays", "--max-width", "640")
    assert code == 0
    assert file.read_bytes() == b"now"
    assert "2.0 s old, people hidden where motion found them" in output
    assert streams.shown == [
        stream_service_pb2.GetSnapshotRequest(camera_id=PLAZA.id, overlays=True, max_width=640)
    ]
    assert run("snapshot", "Plaza", "--save", str(tmp_path))[0] == 1


def test_devices_that_are_cameras_already_are_named(streams: Streams) -> None:
    code, output = run("discover")
    assert code == 0
    door, yard = (
        next(line for line in output.splitlines() if name in line) for name in ("Door", "Yard")
    )
    assert door.rstrip().endswith("Plaza")
    assert "Plaza" not in yard


DEVICE = "http://10.20.0.8/onvif/device_service"
AS_ADMIN = ("--username", "admin", "--password-stdin")


def test_a_device_becomes_a_camera_with_the_stream_that_was_chosen(
    streams: Streams, cameras: Cameras
) -> None:
    code, output = run("adopt", DEVICE, *AS_ADMIN, "--dry-run", typed="secret\n")
    assert code == 0
    assert "Acme IPC-2" in output
    assert "rtsp://10.20.0.8/small" in output
    assert cameras.created == []
    assert run("adopt", DEVICE, *AS_ADMIN, "--profile", "small", typed="secret\n")[0] == 0
    assert [device.credentials.password for device in streams.described] == ["secret"] * 2
    (made,) = cameras.created
    assert (made.name, made.stream.uri) == ("IPC-2 10.20.0.8", "rtsp://10.20.0.8/small")
    assert made.stream.credentials.password == "secret"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "the device asks for a user"), ((*AS_ADMIN, "--profile", "none"), "main, small")],
)
def test_a_device_that_does_not_become_one_is_said_why(
    streams: Streams, cameras: Cameras, arguments: tuple[str, ...], said: str
) -> None:
    code, output = run("adopt", DEVICE, *arguments, typed="secret\n")
    assert code == 1
    assert said in output
    assert cameras.created == []
