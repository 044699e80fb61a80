"""A camera's provisioning: what each step asks and does, and what is left when it fails."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from tally.camera.application.command.abandon_saga import AbandonSaga
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.deactivate_camera import DeactivateCamera
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.command.provision_camera import TIMEOUT, ProvisionCamera
from tally.camera.application.command.record_stream_status import RecordStreamStatus
from tally.camera.application.command.retry_saga import RetrySaga
from tally.camera.application.query.get_saga import GetSaga
from tally.camera.application.query.list_sagas import ListSagas
from tally.camera.application.saga.provisioning import Provisioning
from tally.camera.bootstrap import message_bus
from tally.camera.domain.errors import CameraNameTaken
from tally.camera.domain.model import CameraState
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import StreamState
from tally.kernel.errors import FailedPrecondition, Unavailable
from tally.kernel.idempotency import UNNAMED, CreateRequest, RequestIdReused
from tally.kernel.saga import Saga, SagaNotFound, SagaNotParked, SagaState
from tests.unit.camera.examples import NETWORKS, NOON, PLAZA, SEALER, spec, status
from tests.unit.camera.fakes import Memory

REQUEST = CreateRequest("0190a5b2-0000-7000-8000-000000000001", b"plaza")
SITE = "0190a5b2-0000-7000-8000-00000000000a"


@dataclass
class People:
    """Those who are told."""

    told: dict[str, str] = field(default_factory=dict)
    refuse: Exception | None = None

    async def notify(self, request_id: str, title: str, *, site_id: str, camera_id: str) -> None:
        if self.refuse:
            raise self.refuse
        self.told[request_id] = title


class Town:
    """A camera context in memory."""

    def __init__(self) -> None:
        self.time = NOON
        self.memory = Memory()
        self.people = People()
        self.bus = message_bus(self.memory.begin, self.clock, SEALER, NETWORKS)
        self.plan = Provisioning(self.bus, self.people).plan

    def clock(self) -> datetime:
        return self.time

    async def provision(self, wanted: CameraSpec = PLAZA, request: CreateRequest = UNNAMED) -> Saga:
        create = CreateCamera(spec=wanted, sites=None)
        return await self.bus.execute(ProvisionCamera(camera=create, request=request))

    async def go_on(self) -> Saga:
        """Do all steps that are due."""
        [saga] = self.memory.sagas.values()
        while saga.next_time <= self.time and saga.state in (
            SagaState.RUNNING,
            SagaState.COMPENSATING,
        ):
            saga = await self.plan.progress(saga, self.clock)
            self.memory.sagas[saga.id] = saga
        return saga

    async def say(self, epoch: int, state: StreamState, *, seen: bool, reason: str = "") -> None:
        """Have a worker say how the stream does."""
        [saga] = self.memory.sagas.values()
        said = replace(status(), state=state, last_frame_time=NOON if seen else None, reason=reason)
        await self.bus.execute(
            RecordStreamStatus(camera_id=saga.subject_id, epoch=epoch, status=said)
        )


@pytest.fixture
def town() -> Town:
    return Town()


async def test_a_camera_that_is_seen_is_told_of(town: Town) -> None:
    begun = await town.provision()
    assert begun.deadline == NOON + TIMEOUT
    assert (await town.go_on()).message == "no worker has taken the camera"
    await town.say(1, StreamState.CONNECTING, seen=False)
    assert (await town.go_on()).message == "no frame has come from the camera"
    await town.say(2, StreamState.STREAMING, seen=True)
    assert (await town.go_on()).state is SagaState.DONE
    [camera] = town.memory.cameras.values()
    assert camera.state is CameraState.ACTIVE
    assert town.people.told == {begun.id: f"The camera {PLAZA.name} is in service"}


async def test_a_camera_that_rests_is_in_service(town: Town) -> None:
    await town.provision()
    await town.go_on()
    await town.say(1, StreamState.RESTING, seen=False, reason="its hours begin on Monday")
    assert (await town.go_on()).state is SagaState.DONE


async def test_a_camera_that_is_never_seen_is_deleted_and_the_reason_kept(town: Town) -> None:
    await town.provision()
    await town.go_on()
    await town.say(1, StreamState.UNREACHABLE, seen=False, reason="connection refused")
    await town.go_on()
    town.time += TIMEOUT
    undone = await town.go_on()
    assert undone.state is SagaState.UNDONE
    assert undone.reason.endswith("no frame has come from the camera: connection refused")
    assert (town.memory.cameras, town.people.told) == ({}, {})


async def test_without_any_worker_it_is_deleted_too(town: Town) -> None:
    await town.provision()
    await town.go_on()
    town.time += TIMEOUT
    assert (await town.go_on()).reason.endswith("no worker has taken the camera")
    assert town.memory.cameras == {}


@pytest.mark.parametrize("interfere", [DeleteCamera, DeactivateCamera])
async def test_somebody_who_stops_the_camera_ends_it(
    town: Town, interfere: type[DeleteCamera | DeactivateCamera]
) -> None:
    saga = await town.provision()
    await town.go_on()
    await town.bus.execute(interfere(camera_id=saga.subject_id, sites=None))
    town.time += timedelta(seconds=5)
    assert (await town.go_on()).state is SagaState.UNDONE
    assert town.memory.cameras == {}


async def test_the_camera_stays_while_nobody_can_be_told(town: Town) -> None:
    await town.provision()
    await town.go_on()
    await town.say(1, StreamState.STREAMING, seen=True)
    town.people.refuse = Unavailable("it is down")
    town.time += 2 * TIMEOUT
    assert (await town.go_on()).state is SagaState.RUNNING
    town.people.refuse = FailedPrecondition("no key")
    town.time += TIMEOUT
    parked = await town.go_on()
    assert (parked.state, parked.message) == (SagaState.PARKED, "no key")
    assert len(town.memory.cameras) == 1
    town.people.refuse = None
    await town.bus.execute(RetrySaga(saga_id=parked.id, sites=None))
    assert (await town.go_on()).state is SagaState.DONE


async def test_a_parked_one_can_be_left_as_it_is(town: Town) -> None:
    saga = await town.provision()
    abandon = AbandonSaga(saga_id=saga.id, sites=None)
    with pytest.raises(SagaNotParked):
        await town.bus.execute(abandon)
    town.memory.sagas[saga.id] = saga.parked("stuck", NOON)
    assert (await town.bus.execute(abandon)).state is SagaState.ABANDONED
    assert len(town.memory.cameras) == 1


async def test_a_repeated_request_begins_one_saga(town: Town) -> None:
    first = await town.provision(request=REQUEST)
    assert await town.provision(request=REQUEST) == first
    assert (len(town.memory.cameras), len(town.memory.sagas)) == (1, 1)
    with pytest.raises(RequestIdReused):
        await town.provision(spec("Square"), replace(REQUEST, digest=b"square"))


async def test_a_camera_that_cannot_be_begins_no_saga(town: Town) -> None:
    await town.provision()
    with pytest.raises(CameraNameTaken):
        await town.provision()
    assert len(town.memory.sagas) == 1


async def test_sagas_of_other_sites_are_hidden(town: Town) -> None:
    saga = await town.provision()
    elsewhere = frozenset({SITE})
    for message in (
        GetSaga(saga_id=saga.id, sites=elsewhere),
        RetrySaga(saga_id=saga.id, sites=elsewhere),
        AbandonSaga(saga_id=saga.id, sites=elsewhere),
    ):
        with pytest.raises(SagaNotFound):
            await town.bus.execute(message)
    assert (await town.bus.execute(ListSagas(sites=elsewhere))).sagas == []
    assert (await town.bus.execute(ListSagas(sites=None))).sagas == [saga]
