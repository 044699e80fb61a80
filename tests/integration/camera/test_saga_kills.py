"""The server that provisions a camera is killed at each boundary of its steps; the next one ends what it began.

Where it is killed is decided by what it then waits for: a row that is locked, a worker, a frame, or an answer.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text, update

from tally.camera.adapters.tables import sagas
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.provision_camera import ProvisionCamera
from tally.camera.application.command.record_stream_status import RecordStreamStatus
from tally.camera.application.query.get_camera import GetCamera
from tally.camera.application.query.get_saga import GetSaga
from tally.camera.bootstrap import maintenance
from tally.camera.domain.errors import CameraNotFound
from tally.camera.domain.model import CameraState
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import Stream, StreamState, StreamStatus
from tally.camera.settings import CameraSettings
from tally.kernel.clock import utc_now
from tally.kernel.database import Database
from tally.kernel.message_bus import MessageBus
from tally.kernel.migrations import upgrade
from tally.kernel.saga import Saga, SagaState
from tally.stack.nats import NatsServer
from tests.integration.camera.killable import camera_process
from tests.people import People, people

AGES = timedelta(hours=1)


class Rig:
    """A camera context whose servers are killed.

    Attributes:
        settings: Those of its servers.
        use_cases: Its use cases, beside them.
        database: Its database.
        told: Those who are told in the end.
    """

    def __init__(
        self,
        settings: CameraSettings,
        use_cases: MessageBus[UnitOfWork],
        database: Database,
        told: People,
    ) -> None:
        self.settings = settings
        self.use_cases = use_cases
        self.database = database
        self.told = told

    async def provision(self) -> Saga:
        spec = CameraSpec(name="Gate", stream=Stream("demo://plaza"))
        create = CreateCamera(spec=spec, sites=None)
        return await self.use_cases.execute(ProvisionCamera(camera=create, timeout=AGES))

    async def saga(self, saga: Saga) -> Saga:
        return await self.use_cases.execute(GetSaga(saga_id=saga.id, sites=None))

    async def let_time_pass(self, saga: Saga) -> None:
        """Have the saga's time be over."""
        async with self.database.begin() as connection:
            late = update(sagas).where(sagas.c.id == saga.id)
            await connection.execute(late.values(deadline=utc_now(), next_time=utc_now()))

    async def is_active(self, saga: Saga) -> None:
        """Return when the camera is."""
        async with asyncio.timeout(20):
            while await self.camera_state(saga) is not CameraState.ACTIVE:
                await asyncio.sleep(0.02)

    async def say(self, saga: Saga, *, seen: bool) -> None:
        """Have a worker say that it has the camera, and perhaps a frame."""
        now = utc_now()
        status = StreamStatus(
            state=StreamState.STREAMING if seen else StreamState.CONNECTING,
            update_time=now,
            last_frame_time=now if seen else None,
        )
        await self.use_cases.execute(
            RecordStreamStatus(camera_id=saga.subject_id, epoch=1, status=status)
        )

    async def waits_at(self, saga: Saga, position: int) -> None:
        """Return when a server has asked this step and has been told to wait."""
        async with asyncio.timeout(20):
            while (now := await self.saga(saga)).position != position or not now.message:
                await asyncio.sleep(0.02)

    async def ends(self, saga: Saga) -> Saga:
        """The saga when it is over."""
        over = (SagaState.DONE, SagaState.UNDONE)
        async with asyncio.timeout(20):
            while (now := await self.saga(saga)).state not in over:
                await asyncio.sleep(0.02)
        return now

    @asynccontextmanager
    async def holding(self, saga: Saga) -> AsyncIterator[None]:
        """Have whoever changes the camera wait."""
        lock = text("SELECT FROM cameras WHERE id = :id FOR UPDATE")
        async with self.database.begin() as connection:
            await connection.execute(lock, {"id": saga.subject_id})
            yield

    @asynccontextmanager
    async def noting_nothing(self) -> AsyncIterator[None]:
        """Let servers do a step, and have them wait before they note that it is done."""
        async with self.database.begin() as connection:
            # Who locks a row (ROW SHARE) goes on, who changes one (ROW EXCLUSIVE) waits.
            await connection.execute(text("LOCK TABLE sagas IN SHARE MODE"))
            yield

    async def somebody_waits(self) -> None:
        """Return when somebody waits for a lock who is about to do a step, not to forget old ones."""
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock' AND query NOT LIKE 'DELETE%'"
        )
        async with asyncio.timeout(20):
            while True:
                async with self.database.begin() as connection:
                    if (await connection.execute(waiting)).scalar_one():
                        return
                await asyncio.sleep(0.02)

    async def camera_state(self, saga: Saga) -> CameraState:
        with suppress(CameraNotFound):
            query = GetCamera(camera_id=saga.subject_id, sites=None)
            return (await self.use_cases.execute(query)).camera.state
        return CameraState.DELETED


@pytest.fixture
async def rig(database_dsn: str, nats_server: NatsServer, nats_url: str) -> AsyncIterator[Rig]:
    await upgrade(database_dsn, "tally.camera.migrations")
    database = Database(database_dsn)
    async with people() as told:
        settings = CameraSettings(
            listen="127.0.0.1:0",
            database_url=SecretStr(database_dsn),
            nats_url=SecretStr(nats_server.url("camera")),
            **told.settings,
        )
        async with maintenance(settings) as use_cases:
            yield Rig(settings, use_cases, database, told)
    await database.close()


async def before_it_begins(_rig: Rig, _saga: Saga) -> None:
    """Nobody serves at all."""


async def while_it_activates(rig: Rig, saga: Saga) -> None:
    async with rig.holding(saga):
        with camera_process(rig.settings):
            await rig.somebody_waits()


async def when_it_has_activated(rig: Rig, saga: Saga) -> None:
    async with rig.noting_nothing():
        with camera_process(rig.settings):
            await rig.somebody_waits()
    assert (await rig.saga(saga)).position == 0
    assert await rig.camera_state(saga) is CameraState.ACTIVE


async def while_it_waits_for_a_worker(rig: Rig, saga: Saga) -> None:
    with camera_process(rig.settings):
        await rig.waits_at(saga, 1)


async def while_it_waits_for_a_frame(rig: Rig, saga: Saga) -> None:
    with camera_process(rig.settings):
        await rig.waits_at(saga, 1)
        await rig.say(saga, seen=False)
        await rig.waits_at(saga, 2)


each_moment = pytest.mark.parametrize(
    "killed",
    [
        before_it_begins,
        while_it_activates,
        when_it_has_activated,
        while_it_waits_for_a_worker,
        while_it_waits_for_a_frame,
    ],
)


@each_moment
async def test_the_next_server_brings_the_camera_into_service(
    rig: Rig, killed: Callable[[Rig, Saga], Awaitable[None]]
) -> None:
    saga = await rig.provision()
    await killed(rig, saga)
    with camera_process(rig.settings):
        await rig.is_active(saga)
        await rig.say(saga, seen=True)
        assert (await rig.ends(saga)).state is SagaState.DONE
    assert await rig.camera_state(saga) is CameraState.ACTIVE
    assert rig.told.sent.keys() == {saga.id}


@each_moment
async def test_the_next_server_undoes_all_of_it(
    rig: Rig, killed: Callable[[Rig, Saga], Awaitable[None]]
) -> None:
    saga = await rig.provision()
    await killed(rig, saga)
    await rig.let_time_pass(saga)
    with camera_process(rig.settings):
        undone = await rig.ends(saga)
    assert undone.state is SagaState.UNDONE
    assert undone.reason.startswith("it took too long: no ")
    assert await rig.camera_state(saga) is CameraState.DELETED
    assert rig.told.sent == {}


async def test_people_are_told_once_by_a_server_that_dies_telling_them(rig: Rig) -> None:
    saga = await rig.provision()
    rig.told.answering.clear()
    with camera_process(rig.settings):
        await rig.is_active(saga)
        await rig.say(saga, seen=True)
        await asyncio.wait_for(rig.told.asked.wait(), 20)
    assert (await rig.saga(saga)).state is SagaState.RUNNING
    rig.told.answering.set()
    with camera_process(rig.settings):
        assert (await rig.ends(saga)).state is SagaState.DONE
    assert rig.told.sent.keys() == {saga.id}
    assert await rig.camera_state(saga) is CameraState.ACTIVE


async def test_what_a_dying_server_began_to_undo_is_undone(rig: Rig) -> None:
    saga = await rig.provision()
    await while_it_waits_for_a_worker(rig, saga)
    await rig.let_time_pass(saga)
    async with rig.holding(saga):
        with camera_process(rig.settings):
            await rig.somebody_waits()
    assert (await rig.saga(saga)).state is SagaState.COMPENSATING
    async with rig.noting_nothing():
        assert await rig.camera_state(saga) is CameraState.ACTIVE
        with camera_process(rig.settings):
            await rig.somebody_waits()
        assert await rig.camera_state(saga) is CameraState.DELETED
    with camera_process(rig.settings):
        assert (await rig.ends(saga)).state is SagaState.UNDONE
    assert await rig.camera_state(saga) is CameraState.DELETED
