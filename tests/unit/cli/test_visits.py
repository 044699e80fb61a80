"""`tally visits` and `tally dwells` say what servers answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import grpc
import pytest
from typer.testing import CliRunner

from tally.api.analytics.v1 import visit_service_pb2 as messages
from tally.api.analytics.v1 import visit_service_pb2_grpc
from tally.api.camera.v1 import camera_pb2
from tally.api.counting.v1 import count_pb2
from tally.cli import visits
from tally.cli.main import app


class Visits(visit_service_pb2_grpc.VisitServiceServicer):
    """One intrusion, and some stays."""

    def __init__(self) -> None:
        self.asked: list[messages.ListVisitsRequest] = []

    async def ListVisits(  # noqa: N802 - gRPC's name
        self, request: messages.ListVisitsRequest, context: object
    ) -> messages.ListVisitsResponse:
        self.asked.append(request)
        intrusion = count_pb2.Visit(
            zone="vault", kind=count_pb2.VISIT_KIND_INTRUSION, track=7, object_class="person"
        )
        left = count_pb2.Visit(zone="vault", kind=count_pb2.VISIT_KIND_EXIT, track=7)
        left.dwell.FromSeconds(90)
        for each in (intrusion, left):
            each.time.FromDatetime(datetime(2026, 3, 1, 12, tzinfo=UTC))
        return messages.ListVisitsResponse(
            visits=[messages.VisitRecord(visit=each) for each in (intrusion, left)]
        )

    async def QueryDwells(  # noqa: N802 - gRPC's name
        self, request: messages.QueryDwellsRequest, context: object
    ) -> messages.QueryDwellsResponse:
        short, long, longer = (messages.DwellBucket(visits=visits) for visits in (4, 2, 1))
        short.up_to.FromSeconds(30)
        long.up_to.FromSeconds(3600)
        dwells = messages.Dwells(zone="till", visits=7, buckets=[short, long, longer])
        for stay, seconds in ((dwells.mean, 95), (dwells.median, 20), (dwells.percentile_90, 5400)):
            stay.FromSeconds(seconds)
        return messages.QueryDwellsResponse(dwells=[dwells])


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Visits:
    servicer = Visits()

    @asynccontextmanager
    async def calling(gateway: str) -> AsyncIterator[grpc.aio.Channel]:
        server = grpc.aio.server()
        visit_service_pb2_grpc.add_VisitServiceServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield channel
        finally:
            await server.stop(0)

    async def camera_called(channel: grpc.aio.Channel, name: str) -> camera_pb2.Camera:
        return camera_pb2.Camera(id="0190a5b2-0000-7000-8000-000000000001", name=name)

    monkeypatch.setattr(visits, "calling", calling)
    monkeypatch.setattr(visits, "camera_called", camera_called)
    return servicer


def typed(*arguments: str) -> list[str]:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_visits_say_what_they_are(served: Visits) -> None:
    told = typed("visits", "Bank", "--zone", "vault", "--kind", "intrusion", "--limit", "5")
    intrusion, left = (line.split()[2:] for line in told[-2:])
    assert intrusion == ["vault", "intrusion", "person", "7"]
    assert left == ["vault", "exit", "7", "1.5", "min"]
    [asked] = served.asked
    assert (asked.zone, asked.kind, asked.page_size) == (
        "vault",
        count_pb2.VISIT_KIND_INTRUSION,
        5,
    )


def test_stays_are_drawn(served: Visits) -> None:
    told = typed("dwells", "Bank")
    assert any(line.split() == ["till", "7", "1.58", "min", "20", "s", "1.5", "h"] for line in told)
    bars = {line.split("  ")[0].strip(): line.count("█") for line in told[-3:]}
    assert bars == {"≤ 30 s": 40, "≤ 1 h": 20, "> 1 h": 10}
