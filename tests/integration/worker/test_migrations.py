"""The history of the pool's tables ends where its code begins."""

from importlib import import_module

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from tally.api.counting.v1.geometry_pb2 import CountingConfig
from tally.kernel.database import Database
from tally.kernel.migrations import differences, upgrade
from tally.worker.adapters.tables import metadata
from tally.worker.adapters.unit_of_work import units_of_work
from tally.worker.domain.camera import Camera

CAMERA = "0197c9a5-7a5e-7e9b-9d3f-2f6d8b5a4c11"


async def test_the_history_makes_the_tables_that_the_code_uses(database_dsn: str) -> None:
    await upgrade(database_dsn, "tally.worker.migrations")
    assert await differences(database_dsn, metadata) == []


def add_loads(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE workers DROP frame_costs"))
    connection.execute(text("ALTER TABLE assignments DROP nominal_frames_per_second"))
    connection.execute(text("ALTER TABLE cameras DROP detector, DROP max_frames_per_second"))
    with Operations.context(MigrationContext.configure(connection)):
        import_module("tally.worker.migrations.versions.0011_loads").upgrade()


async def test_cameras_from_before_get_the_detector_and_the_rate_of_their_configuration(
    database_dsn: str,
) -> None:
    await upgrade(database_dsn, "tally.worker.migrations")
    counting = CountingConfig(detector="motion", max_frames_per_second=5).SerializeToString()
    database = Database(database_dsn)
    begin = units_of_work(database)
    async with begin() as work:
        await work.cameras.put(Camera(camera_id=CAMERA, counting=counting))
    async with database.begin() as connection:
        await connection.run_sync(add_loads)
    async with begin() as work:
        camera = await work.cameras.get(CAMERA)
    await database.close()
    assert (camera.detector, camera.max_frames_per_second) == ("motion", 5.0)
