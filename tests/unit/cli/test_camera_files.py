"""Files of cameras say what cameras are, and are read as they were written."""

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from grpc.aio import Metadata

from tally.api.camera.v1 import camera_pb2, stream_pb2
from tally.camera.domain.model import CameraView
from tally.camera.mapping.resource import camera_to_proto
from tally.cli import importing
from tally.cli.camera_files import FileFormat, Row, read_rows, write_rows
from tally.cli.camera_rows import Places, Unreadable, values_of, wanted_by
from tests.unit.camera.examples import camera

SITE, AREA = "0190a5b2-0000-7000-8000-00000000000a", "0190a5b2-0000-7000-8000-00000000000b"
PLACES = Places({SITE: "Hà Nội"}, {AREA: (SITE, "hall: 1")})


def full() -> camera_pb2.Camera:
    """A camera with all that users can decide about."""
    message = camera_to_proto(CameraView(camera(), None))
    message.site_id, message.area_id = SITE, AREA
    message.labels["yes"] = 'no, "2"'
    return message


def decided(message: camera_pb2.Camera) -> dict[str, object]:
    """What users decided about it."""
    fields = ("name", "stream", "counting", "labels", "site_id", "area_id", "location")
    shown = MessageToDict(message, preserving_proto_field_name=True)
    return {name: shown.get(name) for name in fields}


@pytest.mark.parametrize("kind", FileFormat)
def test_what_is_written_is_read(kind: FileFormat) -> None:
    wanted = full()
    [row] = read_rows(write_rows([values_of(wanted, PLACES)], kind), kind)
    read = wanted_by(row, PLACES)
    assert decided(read.camera) == decided(wanted)
    assert read.active is False
    assert set(read.paths) == {
        "site_id", "area_id", "labels", "location.description", "location.point", "stream.uri",
        "stream.pace", "counting.lines", "counting.zones", "counting.masks", "counting.calibration",
        "counting.detector", "counting.classes", "counting.max_frames_per_second", "counting.min_score",
        "counting.picture_retention",
        "counting.schedule",
        "counting.privacy",
    }  # fmt: skip


def test_credentials_are_for_cameras_that_have_none_there() -> None:
    text = "name,stream.uri,stream.credentials.username,stream.credentials.password\nA,rtsp://h/1,u,p\n"
    [row] = read_rows(text, FileFormat.CSV)
    wanted = wanted_by(row, PLACES)
    assert wanted.camera.stream.credentials == stream_pb2.StreamCredentials(
        username="u", password="p"
    )
    present = camera_pb2.Camera(stream=stream_pb2.Stream(uri="rtsp://h/2"))
    assert wanted.paths_for(present) == ["stream.uri", "stream.credentials"]
    present.stream.credentials_set = True
    assert wanted.paths_for(present) == ["stream.uri"]
    present.stream.uri = "rtsps://h/2"
    assert wanted.paths_for(present) == ["stream.uri", "stream.credentials"]


def test_an_area_is_one_of_the_rows_own_site() -> None:
    row = Row(1, {"name": "A", "area": "hall: 1"}, {})
    with pytest.raises(Unreadable, match="no area of nowhere, as the row names no site"):
        wanted_by(row, PLACES)


async def test_an_import_waits_when_there_were_too_many_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importing, "PAUSE_S", 0)
    answers = [grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.RESOURCE_EXHAUSTED, None]

    async def method(request: str) -> str:
        if code := answers.pop(0):
            raise grpc.aio.AioRpcError(code, Metadata(), Metadata(), "", "")
        return request

    assert await importing.patiently(method, "asked") == "asked"
    assert answers == []
