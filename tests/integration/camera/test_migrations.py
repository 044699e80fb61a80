"""The history of the tables leads to the tables that the code uses."""

from importlib import import_module

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, delete, select

from tally.api.camera.v1.site_events_pb2 import SiteUpdated
from tally.camera.adapters.tables import metadata, outbox
from tally.camera.adapters.unit_of_work import units_of_work
from tally.camera.mapping.sites import site_spec_from_proto
from tally.kernel.database import Database
from tally.kernel.migrations import differences, upgrade
from tests.unit.camera.examples import site


async def test_a_migrated_database_has_the_tables_of_the_code(database_dsn: str) -> None:
    assert await differences(database_dsn, metadata)
    for _ in range(2):
        await upgrade(database_dsn, "tally.camera.migrations")
        assert await differences(database_dsn, metadata) == []


def tell_of_sites(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        import_module("tally.camera.migrations.versions.0008_site_events").upgrade()


async def test_sites_from_before_they_were_told_of_are_told_of(database_dsn: str) -> None:
    await upgrade(database_dsn, "tally.camera.migrations")
    database, north = Database(database_dsn), site("North")
    async with units_of_work(database)() as work:
        await work.sites.save(north)
    async with database.begin() as connection:
        await connection.execute(delete(outbox))
        await connection.run_sync(tell_of_sites)
        [told] = (await connection.execute(select(outbox))).all()
    await database.close()
    assert site_spec_from_proto(SiteUpdated.FromString(told.payload).site) == north.spec
    assert (told.aggregate_id, told.version) == (north.id, north.version)
