"""`tally picture` saves what crossed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from typer.testing import CliRunner

from tally.api.analytics.v1 import picture_service_pb2 as messages
from tally.api.analytics.v1 import picture_service_pb2_grpc
from tally.cli import pictures
from tally.cli.main import app

CROSSING_ID = "0190a5b2-0000-7000-8000-0000000000aa"


class Pictures(picture_service_pb2_grpc.PictureServiceServicer):
    """One picture."""

    async def GetCrossingPicture(  # noqa: N802 - gRPC's name
        self, request: messages.GetCrossingPictureRequest, context: object
    ) -> messages.GetCrossingPictureResponse:
        answer = messages.GetCrossingPictureResponse(jpeg=b"jpeg")
        crossing = answer.crossing.crossing
        crossing.id, crossing.line, crossing.object_class = request.crossing_id, "door", "person"
        crossing.time.FromDatetime(datetime(2026, 3, 1, 12, tzinfo=UTC))
        crossing.picture_expire_time.FromDatetime(datetime(2026, 3, 8, 12, tzinfo=UTC))
        return answer


def test_a_picture_is_saved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    @asynccontextmanager
    async def calling(gateway: str) -> AsyncIterator[grpc.aio.Channel]:
        server = grpc.aio.server()
        picture_service_pb2_grpc.add_PictureServiceServicer_to_server(Pictures(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield channel
        finally:
            await server.stop(0)

    monkeypatch.setattr(pictures, "calling", calling)
    file = tmp_path / "crossing.jpg"
    result = CliRunner().invoke(app, ["picture", CROSSING_ID, "--save", str(file)])
    assert result.exit_code == 0, result.output
    assert file.read_bytes() == b"jpeg"
    assert "person at door" in " ".join(result.output.split())
