"""Credentials are sealed for one camera at one host, and another key takes over when asked to."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tally.camera.adapters.sealing import KeyRingSealer
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.delete_camera import DeleteCamera
from tally.camera.application.command.reseal_credentials import ResealCredentials
from tally.camera.application.command.update_camera import UpdateCamera
from tally.camera.domain.errors import StreamKeysMissing
from tally.camera.domain.events import CameraCredentialsResealed
from tally.camera.domain.model import Camera
from tally.kernel.ids import new_id
from tally.kernel.sealing import KeyRing, NoKey, Unsealable, key_id
from tally.kernel.stream_address import credentials_purpose
from tests.unit.camera.examples import GUARD, LATER, NETWORKS, NEW_KEY, OLD_KEY, PLAZA, SEALER, spec
from tests.unit.camera.fakes import Memory

OLD, BOTH = KeyRing.parse(OLD_KEY), KeyRing.parse(f"{NEW_KEY} {OLD_KEY}")


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def create(memory: Memory) -> CreateCamera:
    return CreateCamera(memory.begin, clock, SEALER, NETWORKS, new_id)


def clock() -> datetime:
    return LATER


def opened(camera: Camera, keys: KeyRing = OLD) -> bytes:
    purpose = credentials_purpose(camera.id, camera.spec.stream.uri)
    return keys.open(camera.sealed_credentials, purpose)


async def test_credentials_are_sealed_for_their_camera_and_its_host(create: CreateCamera) -> None:
    camera = (await create(PLAZA, credentials=GUARD, sites=None)).camera
    assert GUARD.password.encode() in opened(camera)
    for purpose in (
        credentials_purpose(new_id(), camera.spec.stream.uri),
        credentials_purpose(camera.id, "rtsp://10.0.0.8/live"),
    ):
        with pytest.raises(Unsealable):
            OLD.open(camera.sealed_credentials, purpose)


async def test_an_update_seals_for_the_new_stream(memory: Memory, create: CreateCamera) -> None:
    camera = (await create(PLAZA, sites=None)).camera
    assert camera.sealed_credentials == b""
    update = UpdateCamera(memory.begin, clock, SEALER, NETWORKS)
    changed = (
        await update(camera.id, lambda present: present, credentials=GUARD, sites=None)
    ).camera
    assert GUARD.password.encode() in opened(changed)


async def test_a_server_without_keys_takes_no_credentials(memory: Memory) -> None:
    create = CreateCamera(memory.begin, clock, KeyRingSealer(KeyRing.parse("")), NETWORKS, new_id)
    with pytest.raises(StreamKeysMissing):
        await create(PLAZA, credentials=GUARD, sites=None)
    assert not (await create(PLAZA, sites=None)).camera.sealed_credentials


def test_credentials_do_not_show_in_messages() -> None:
    assert "horse" not in repr(GUARD) + str(GUARD)


@pytest.fixture
def reseal(memory: Memory) -> Callable[[KeyRing], ResealCredentials]:
    return lambda keys: ResealCredentials(memory.begin, clock, KeyRingSealer(keys))


async def test_another_key_takes_over_once(
    memory: Memory, create: CreateCamera, reseal: Callable[[KeyRing], ResealCredentials]
) -> None:
    guarded = (await create(spec("a"), credentials=GUARD, sites=None)).camera
    await create(spec("b"), sites=None)
    deleted = (await create(spec("c"), credentials=GUARD, sites=None)).camera
    await DeleteCamera(memory.begin, clock)(deleted.id, sites=None)

    assert await reseal(OLD)() == []
    assert await reseal(BOTH)() == [guarded.id]
    assert await reseal(BOTH)() == []

    now = memory.cameras[guarded.id]
    assert isinstance(memory.events[guarded.id][-1], CameraCredentialsResealed)
    assert key_id(now.sealed_credentials) == "new"
    assert opened(now, KeyRing.parse(NEW_KEY)) == opened(guarded)


async def test_a_key_that_is_still_needed_is_named(
    create: CreateCamera, reseal: Callable[[KeyRing], ResealCredentials]
) -> None:
    await create(PLAZA, credentials=GUARD, sites=None)
    with pytest.raises(NoKey, match="id old"):
        await reseal(KeyRing.parse(NEW_KEY))()
