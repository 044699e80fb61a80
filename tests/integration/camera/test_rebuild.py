"""The read model of a lived-in database can be made again from its events alone."""

from dataclasses import replace

from sqlalchemy import text

from tally.camera.adapters.unit_of_work import units_of_work
from tally.camera.application.command.activate_camera import ActivateCamera
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.command.rebuild_read_model import RebuildReadModel
from tally.camera.application.command.update_camera import UpdateCamera
from tally.camera.application.query.list_cameras import ListCameras
from tally.kernel.clock import utc_now
from tally.kernel.database import Database
from tally.kernel.ids import new_id
from tally.kernel.migrations import upgrade
from tests.unit.camera.examples import GUARD, NETWORKS, SEALER, spec


async def test_a_rebuild_finds_nothing_to_mend_and_mends_what_was_broken(database_dsn: str) -> None:
    await upgrade(database_dsn, "tally.camera.migrations")
    database = Database(database_dsn)
    begin = units_of_work(database)
    rebuild, list_cameras = RebuildReadModel(begin), ListCameras(begin)
    create = CreateCamera(begin, utc_now, SEALER, NETWORKS, new_id)
    first, second, third = [
        (await create(spec(name), sites=None)).camera for name in ("a", "b", "c")
    ]
    await ActivateCamera(begin, utc_now)(first.id, sites=None)
    await UpdateCamera(begin, utc_now, SEALER, NETWORKS)(
        second.id, lambda present: replace(present, name="B"), credentials=GUARD, sites=None
    )
    await DeleteCamera(begin, utc_now)(third.id, sites=None)

    true = await list_cameras(sites=None)
    assert await rebuild() == []
    assert await list_cameras(sites=None) == true

    async with database.begin() as connection:
        await connection.execute(text("UPDATE cameras SET labels = '{}' WHERE name = 'a'"))
        await connection.execute(text("DELETE FROM cameras WHERE name = 'B'"))
    assert await rebuild() == sorted([first.id, second.id])
    assert await list_cameras(sites=None) == true
    await database.close()
