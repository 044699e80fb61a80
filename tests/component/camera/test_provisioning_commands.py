"""`tally cameras provision` and `tally sagas` against the context's own server."""

from dataclasses import replace
from datetime import timedelta

from tally.camera.adapters.unit_of_work import units_of_work
from tally.camera.application.saga.provisioning import CAMERA_NAME, KIND
from tally.camera.settings import CameraSettings
from tally.kernel.clock import utc_now
from tally.kernel.database import Database
from tally.kernel.ids import new_id
from tally.kernel.saga import Saga
from tests.component.camera.conftest import Tally
from tests.conftest import Background


async def keep_parked(settings: CameraSettings) -> list[str]:
    """Keep two sagas that somebody must look at, and return their ids."""
    now = utc_now()
    parked = Saga(
        id=new_id(),
        kind=KIND,
        subject_id=new_id(),
        data={CAMERA_NAME: "Gate"},
        deadline=now + timedelta(minutes=1),
        next_time=now,
        create_time=now,
        update_time=now,
    ).parked("the key does not hold", now)
    other = replace(parked, id=new_id())
    database = Database(settings.database_url.get_secret_value())
    async with units_of_work(database)() as work:
        await work.sagas.save(parked)
        await work.sagas.save(other)
    await database.close()
    return [parked.id, other.id]


def test_a_camera_that_nobody_sees_is_told_to_be_gone(tally: Tally) -> None:
    said = "\n".join(
        tally("cameras", "provision", "Gate", "demo://plaza", "--timeout", "1", fails=True)
    )
    assert "find it a worker - no worker has taken the camera" in said
    assert "Gate is not in service (undone): it took too long: no worker has taken" in said
    [_, _, shown] = tally("sagas", "list")
    assert "Gate" in shown
    assert "undone" in shown
    saga_id = shown.split()[0]
    assert "  activate the camera" in tally("sagas", "show", saga_id)
    assert "only a parked one" in "\n".join(tally("sagas", "retry", saga_id, fails=True))


def test_a_parked_saga_is_retried_or_abandoned(
    tally: Tally, settings: CameraSettings, background: Background
) -> None:
    first, second = background.run(keep_parked(settings))
    listed = "\n".join(tally("sagas", "list", "--state", "parked"))
    assert first in listed
    assert second in listed
    assert "! activate the camera: parked: the key does not hold" in tally("sagas", "show", first)
    assert tally("sagas", "abandon", first) == [f"{first} is abandoned"]
    [said] = tally("sagas", "retry", second)
    assert said.startswith(f"{second} goes on: running")
    assert "one of running," in "\n".join(tally("sagas", "list", "--state", "odd", fails=True))
