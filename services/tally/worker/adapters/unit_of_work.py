"""Units of work as transactions of PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.kernel.bus import WORKER, Envelope
from tally.kernel.database import Database
from tally.kernel.idempotency import CreateRequests
from tally.kernel.ids import new_id
from tally.kernel.outbox import Outbox
from tally.worker.adapters.cameras import PostgresCameras
from tally.worker.adapters.offering import offer
from tally.worker.adapters.tables import create_requests, outbox
from tally.worker.adapters.tasks import PostgresTasks
from tally.worker.adapters.workers import PostgresWorkers
from tally.worker.domain.events import ModelsReported, PoolEvent
from tally.worker.domain.ports import Begin
from tally.worker.domain.tasks import Task
from tally.worker.mapping import event_to_proto

_ALONE = text("SELECT pg_advisory_xact_lock(1, 1)")
"""Two keys are a space of their own, apart from that of the outbox's single keys."""


class PostgresUnitOfWork:
    """The ports within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._outbox = Outbox(connection, outbox)
        self.workers = PostgresWorkers(connection)
        self.cameras = PostgresCameras(connection)
        self.tasks = PostgresTasks(connection)
        self.create_requests = CreateRequests(connection, create_requests)

    async def alone(self) -> None:
        """Wait until no other transaction decides who holds what."""
        await self._connection.execute(_ALONE)

    async def tell(self, event: PoolEvent) -> None:
        """Have the event published if the transaction commits."""
        message = event_to_proto(event)
        about = event.worker_id if isinstance(event, ModelsReported) else event.camera_id
        envelope = Envelope.of(
            message, id=new_id(), source="tally/worker", subject=about, time=event.time
        )
        subject = WORKER.subject(type(message).__name__, about)
        await self._outbox.add(subject, envelope)

    async def offer(self, task: Task) -> None:
        """Hand the task to the workers if the transaction commits."""
        await self._outbox.add(*offer(task.id, task.priority))


def units_of_work(database: Database) -> Begin:
    """Opens units of work on `database`."""

    @asynccontextmanager
    async def begin() -> AsyncIterator[PostgresUnitOfWork]:
        async with database.begin() as connection:
            yield PostgresUnitOfWork(connection)

    return begin
