"""The workers, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.worker.adapters.tables import workers
from tally.worker.domain.errors import LeaseExpired, WorkerNotFound
from tally.worker.domain.load import FrameCosts
from tally.worker.domain.model import SpoolStatus, Worker
from tally.worker.domain.stream import RunningCamera


class PostgresWorkers:
    """The `workers` table, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, worker_id: str) -> Worker:
        """The worker with this id, or WorkerNotFound."""
        found = await self._connection.execute(select(workers).where(workers.c.id == worker_id))
        row = found.one_or_none()
        if row is None:
            raise WorkerNotFound(worker_id)
        return _worker(row)

    async def page(self, after: str, limit: int) -> Sequence[Worker]:
        """At most `limit` workers by id, behind `after`."""
        query = select(workers).where(workers.c.id > after).order_by(workers.c.id).limit(limit)
        return [_worker(row) for row in await self._connection.execute(query)]

    async def alive(self, now: datetime) -> Sequence[Worker]:
        """Those whose lease holds."""
        query = select(workers).where(workers.c.lease_expire_time > now)
        return [_worker(row) for row in await self._connection.execute(query)]

    async def known(self) -> Sequence[Worker]:
        """All, alive or gone."""
        return [_worker(row) for row in await self._connection.execute(select(workers))]

    async def named(self, name: str) -> Sequence[Worker]:
        """All, alive or gone, that registered under this name."""
        query = select(workers).where(workers.c.name == name)
        return [_worker(row) for row in await self._connection.execute(query)]

    async def put(self, worker: Worker) -> None:
        """Store the worker as it is now."""
        values = {field.name: getattr(worker, field.name) for field in fields(Worker)}
        await self._connection.execute(
            insert(workers).values(values).on_conflict_do_update(index_elements=["id"], set_=values)
        )

    async def renew(
        self,
        worker_id: str,
        now: datetime,
        until: datetime,
        cameras: Sequence[RunningCamera],
        spool: SpoolStatus | None,
    ) -> Worker:
        """Prolong a lease that holds; WorkerNotFound or LeaseExpired otherwise."""
        said = {} if spool is None else {"spool": spool}
        renewal = (
            update(workers)
            .where(workers.c.id == worker_id, workers.c.lease_expire_time > now)
            .values(lease_expire_time=until, cameras=cameras, **said)
            .returning(workers)
        )
        row = (await self._connection.execute(renewal)).one_or_none()
        if row is None:
            await self.get(worker_id)
            raise LeaseExpired(worker_id)
        return _worker(row)

    async def measure(self, worker_id: str, frame_costs: FrameCosts) -> None:
        """Keep what a frame costs a worker."""
        costs = update(workers).where(workers.c.id == worker_id).values(frame_costs=frame_costs)
        await self._connection.execute(costs)

    async def forget(self, expired_before: datetime) -> None:
        """Remove those whose lease ended before."""
        old = workers.c.lease_expire_time < expired_before
        await self._connection.execute(delete(workers).where(old))


def _worker(row: Row[Any]) -> Worker:
    return Worker(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
