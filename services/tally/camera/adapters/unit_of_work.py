"""Units of work as transactions of PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from tally.camera.adapters.ai_models import PostgresAiModels
from tally.camera.adapters.areas import PostgresAreas
from tally.camera.adapters.model_switches import PostgresModelSwitches
from tally.camera.adapters.read_model import PostgresReadModel
from tally.camera.adapters.repository import PostgresCameras
from tally.camera.adapters.sites import PostgresSites
from tally.camera.adapters.stream_statuses import PostgresStreamStatuses
from tally.camera.adapters.tables import create_requests, sagas
from tally.camera.domain.ports import Begin
from tally.kernel.connections import driver
from tally.kernel.database import Database
from tally.kernel.idempotency import CreateRequests
from tally.kernel.saga import SagaStore
from tally.kernel.unit_of_work import Mode


class PostgresUnitOfWork:
    """The ports within one transaction."""

    def __init__(self, connection: AsyncConnection, actor: str) -> None:
        self.cameras = PostgresCameras(connection, actor)
        self.read_model = PostgresReadModel(connection)
        self.sites = PostgresSites(connection)
        self.areas = PostgresAreas(connection)
        self.model_switches = PostgresModelSwitches(connection)
        self.stream_statuses = PostgresStreamStatuses(connection)
        self.ai_models = PostgresAiModels(connection)
        self.create_requests = CreateRequests(connection, create_requests)
        self.sagas = SagaStore(connection, sagas)


async def _try(connection: AsyncConnection, work: PostgresUnitOfWork) -> None:
    transaction = driver(connection).transaction()
    await transaction.start()
    try:
        await work.cameras.flush()
    finally:
        await transaction.rollback()
    await connection.rollback()


def units_of_work(database: Database, actor: Callable[[], str] = str) -> Begin:
    """Opens units of work on `database`.

    Args:
        database: Where everything is.
        actor: Tells, when a unit of work begins, who has its changes happen; empty for the server itself.
    """

    @asynccontextmanager
    async def begin(mode: Mode = Mode.CHANGE) -> AsyncIterator[PostgresUnitOfWork]:
        async with database.begin(reads_only=mode is Mode.READ) as connection:
            work = PostgresUnitOfWork(connection, actor())
            yield work
            match mode:
                case Mode.CHANGE:
                    await work.cameras.flush()
                case Mode.TRY:
                    await _try(connection, work)
                case Mode.READ if work.cameras.unsaved:
                    raise RuntimeError("a camera was saved by who was to read only")

    return begin
