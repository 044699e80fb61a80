"""Credentials are sealed for one camera at one host, and another key takes over when asked to."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from tally.camera.adapters.sealing import KeyRingSealer
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.command.update_camera import UpdateCamera
from tally.camera.bootstrap import message_bus
from tally.camera.domain.credentials import NO_CREDENTIALS, Credentials
from tally.camera.domain.errors import StreamKeysMissing
from tally.camera.domain.events import CameraCredentialsResealed
from tally.camera.domain.model import Camera
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.spec import CameraSpec
from tally.camera.reseal import reseal
from tally.kernel.ids import new_id
from tally.kernel.message_bus import MessageBus
from tally.kernel.sealing import KeyRing, NoKey, Unsealable, key_id
from tally.kernel.stream_address import credentials_purpose
from tests.unit.camera.examples import GUARD, LATER, NETWORKS, NEW_KEY, OLD_KEY, PLAZA, SEALER, spec
from tests.unit.camera.fakes import Memory

OLD, BOTH = KeyRing.parse(OLD_KEY), KeyRing.parse(f"{NEW_KEY} {OLD_KEY}")


@pytest.fixture
def memory() -> Memory:
    return Memory()


def clock() -> datetime:
    return LATER


def bus(memory: Memory, sealer: KeyRingSealer = SEALER) -> MessageBus[UnitOfWork]:
    return message_bus(memory.begin, clock, sealer, NETWORKS)


async def create(
    memory: Memory, spec: CameraSpec = PLAZA, credentials: Credentials = GUARD
) -> Camera:
    command = CreateCamera(spec=spec, credentials=credentials, sites=None)
    return (await bus(memory).execute(command)).camera


async def resealed(memory: Memory, keys: KeyRing) -> Sequence[str]:
    return await reseal(bus(memory, KeyRingSealer(keys)))


def opened(camera: Camera, keys: KeyRing = OLD) -> bytes:
    purpose = credentials_purpose(camera.id, camera.spec.stream.uri)
    return keys.open(camera.sealed_credentials, purpose)


async def test_credentials_are_sealed_for_their_camera_and_its_host(memory: Memory) -> None:
    camera = await create(memory)
    assert GUARD.password.encode() in opened(camera)
    for purpose in (
        credentials_purpose(new_id(), camera.spec.stream.uri),
        credentials_purpose(camera.id, "rtsp://10.0.0.8/live"),
    ):
        with pytest.raises(Unsealable):
            OLD.open(camera.sealed_credentials, purpose)


async def test_an_update_seals_for_the_new_stream(memory: Memory) -> None:
    camera = await create(memory, credentials=NO_CREDENTIALS)
    assert camera.sealed_credentials == b""
    guarded = UpdateCamera(
        camera_id=camera.id, revise=lambda present: present, credentials=GUARD, sites=None
    )
    changed = (await bus(memory).execute(guarded)).camera
    assert GUARD.password.encode() in opened(changed)


async def test_a_server_without_keys_takes_no_credentials(memory: Memory) -> None:
    keyless = bus(memory, KeyRingSealer(KeyRing.parse("")))
    with pytest.raises(StreamKeysMissing):
        await keyless.execute(CreateCamera(spec=PLAZA, credentials=GUARD, sites=None))
    view = await keyless.execute(CreateCamera(spec=PLAZA, sites=None))
    assert not view.camera.sealed_credentials


def test_credentials_do_not_show_in_messages() -> None:
    assert "horse" not in repr(GUARD) + str(GUARD)


async def test_another_key_takes_over_once(memory: Memory) -> None:
    guarded = await create(memory, spec("a"))
    await create(memory, spec("b"), NO_CREDENTIALS)
    deleted = await create(memory, spec("c"))
    await bus(memory).execute(DeleteCamera(camera_id=deleted.id, sites=None))

    assert await resealed(memory, OLD) == []
    assert await resealed(memory, BOTH) == [guarded.id]
    assert await resealed(memory, BOTH) == []

    now = memory.cameras[guarded.id]
    assert isinstance(memory.events[guarded.id][-1], CameraCredentialsResealed)
    assert key_id(now.sealed_credentials) == "new"
    assert opened(now, KeyRing.parse(NEW_KEY)) == opened(guarded)


async def test_a_key_that_is_still_needed_is_named(memory: Memory) -> None:
    await create(memory)
    with pytest.raises(NoKey, match="id old"):
        await resealed(memory, KeyRing.parse(NEW_KEY))
