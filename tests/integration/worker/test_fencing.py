"""A worker that the pool cannot reach goes on; what it sees after its camera went to another does not count."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from tally.analytics.adapters.store import PostgresCountsStore
from tally.analytics.adapters.tables import crossings, observations
from tally.analytics.bootstrap import analytics_server
from tally.analytics.settings import AnalyticsSettings
from tally.api.camera.v1 import stream_pb2
from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.kernel.bus import COUNTING, Bus
from tally.kernel.database import Database
from tally.stack.postgres import PostgresServer
from tally.worker.bootstrap import worker_server
from tally.worker.settings import WorkerSettings
from tests.callers import Anybody
from tests.component.worker.conftest import Clock
from tests.conftest import Background
from tests.integration.worker.test_agent import Counts, activate, agent

LEASE = timedelta(seconds=10)


class Way:
    """A way to a server, until it is cut.

    Attributes:
        address: Where it begins.
    """

    def __init__(self, to: str) -> None:
        self._to = to
        self._ends: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.address = ""

    async def __aenter__(self) -> "Way":
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()

    def cut(self) -> None:
        """Take nobody any more, and end what is on the way."""
        assert self._server is not None
        self._server.close()
        for end in self._ends:
            end.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self._to.rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        self._ends += [writer, back]
        await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)


@pytest.fixture
def analytics_settings(
    background: Background, postgres: PostgresServer, nats_url: str
) -> AnalyticsSettings:
    return AnalyticsSettings(
        listen="127.0.0.1:0",
        database_url=SecretStr(background.run(postgres.ensure_database("test_fencing"))),
        nats_url=SecretStr(nats_url),
        shutdown_grace_s=0.2,
    )


async def test_nothing_is_counted_by_two_workers_at_once(
    agent_environment: dict[str, str],
    pool_settings: WorkerSettings,
    analytics_settings: AnalyticsSettings,
    bus: Bus,
    tmp_path: Path,
) -> None:
    clock, counts = Clock(), Counts(bus)
    scene = "demo://plaza?fps=5&width=320&height=180&walkers=30"
    other = {"TALLY_AGENT_NAME": "other", "TALLY_AGENT_SPOOL": str(tmp_path / "other")}
    async with (
        worker_server(pool_settings, clock=clock, authenticator=Anybody()),
        analytics_server(analytics_settings, authenticator=Anybody()),
        Way(pool_settings.listen) as way,
    ):
        cut_off = agent_environment | {"TALLY_AGENT_POOL_ADDRESS": way.address}
        async with agent(cut_off, tmp_path / "cut_off.log"):
            camera = await activate(bus, scene, stream_pb2.PACE_REALTIME)
            await counts.until(lambda records: len(records) >= 2)
            way.cut()
            clock.ahead = LEASE
            async with agent(agent_environment | other, tmp_path / "other.log"):
                await counts.until(both_go_on)
        await all_stored(bus)
    earlier, later = by_epoch(counts.records)
    assert {record.camera_id for record in (*earlier, *later)} == {camera}
    began = later[0].start_time.ToDatetime(UTC)
    rightful = {record.sequence for record in earlier if record.end_time.ToDatetime(UTC) <= began}
    assert 2 <= len(rightful) < len(earlier)

    database = Database(analytics_settings.database_url.get_secret_value())
    async with database.begin() as connection:
        kept = (await connection.execute(select(observations))).all()
        inside = (await connection.execute(select(crossings))).all()
    assert {row.sequence for row in kept if row.epoch == earlier[0].epoch} == rightful
    assert {row.sequence for row in kept if row.epoch == later[0].epoch} >= {
        record.sequence for record in later
    }
    stored = {(row.run_id, row.sequence) for row in kept}
    assert {(row.run_id, row.sequence) for row in inside} <= stored
    assert await PostgresCountsStore(database).rebuild_rollups() == 0
    await database.close()


def by_epoch(records: Sequence[CountsRecorded]) -> list[list[CountsRecorded]]:
    return [
        [record for record in records if record.epoch == epoch]
        for epoch in sorted({record.epoch for record in records})
    ]


def both_go_on(records: Sequence[CountsRecorded]) -> bool:
    """Whether the earlier holder has told of what the later one has seen as well."""
    earlier, *later = by_epoch(records)
    return bool(later) and earlier[-1].start_time.ToDatetime() > later[0][0].end_time.ToDatetime()


async def all_stored(bus: Bus) -> None:
    """Wait until analytics has dealt with everything."""
    async with asyncio.timeout(30):
        while True:
            consumer = await bus.jetstream.consumer_info(COUNTING.name, "analytics-counting")
            if not (consumer.num_pending or consumer.num_ack_pending):
                return
            await asyncio.sleep(0.05)
