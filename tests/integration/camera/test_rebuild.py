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
from tally.camera.bootstrap import message_bus
from tally.camera.domain.rebuilding import Difference, Disagreement, Rebuilt
from tally.kernel.clock import utc_now
from tally.kernel.database import Database
from tally.kernel.migrations import upgrade
from tests.unit.camera.examples import GUARD, NETWORKS, SEALER, spec


async def test_a_rebuild_finds_nothing_to_mend_and_mends_what_was_broken(database_dsn: str) -> None:
    await upgrade(database_dsn, "tally.camera.migrations")
    database = Database(database_dsn)
    bus = message_bus(units_of_work(database), utc_now, SEALER, NETWORKS)
    list_cameras, rebuild = ListCameras(sites=None), RebuildReadModel()
    first, second, third = [
        (await bus.execute(CreateCamera(spec=spec(name), sites=None))).camera.id for name in "abc"
    ]
    await bus.execute(ActivateCamera(camera_id=first, sites=None))
    await bus.execute(
        UpdateCamera(
            camera_id=second,
            revise=lambda present: replace(present, name="B"),
            credentials=GUARD,
            sites=None,
        )
    )
    await bus.execute(DeleteCamera(camera_id=third, sites=None))

    true = await bus.execute(list_cameras)
    assert await bus.execute(rebuild) == Rebuilt(2, [])
    assert await bus.execute(list_cameras) == true

    async with database.begin() as connection:
        await connection.execute(text("UPDATE cameras SET labels = '{}' WHERE name = 'a'"))
        await connection.execute(text("DELETE FROM cameras WHERE name = 'B'"))
        await connection.execute(
            text(
                "INSERT INTO cameras SELECT :id, 'ghost', stream, counting, labels, state, version, create_time, "
                "update_time, sealed_credentials, site_id, area_id, location FROM cameras WHERE name = 'a'"
            ),
            {"id": third},
        )
    wrong = [
        Difference(first, Disagreement.DIFFERENT, ("labels",)),
        Difference(second, Disagreement.MISSING),
        Difference(third, Disagreement.SUPERFLUOUS),
    ]
    for command in (RebuildReadModel(validate_only=True), rebuild):
        assert await bus.execute(command) == Rebuilt(2, wrong)
    assert await bus.execute(list_cameras) == true
    assert await bus.execute(rebuild) == Rebuilt(2, [])
    await database.close()
