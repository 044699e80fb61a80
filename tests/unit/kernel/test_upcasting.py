"""Old events become those of today, one release after another."""

import pytest
from google.protobuf.message import Message

from tally.api.camera.v1.events_pb2 import CameraDeleted, CameraRenamed
from tally.kernel.event_store import Upcasters


class Step:
    """Renames only: whatever else passes as it is."""

    def __init__(self, letter: str) -> None:
        self.letter = letter

    def __call__(self, message: Message) -> Message:
        if not isinstance(message, CameraRenamed):
            return message
        return CameraRenamed(camera_id=message.camera_id, name=message.name + self.letter)


UPCASTERS = Upcasters((Step("b"), Step("c")))


@pytest.mark.parametrize(("version", "name"), [(1, "abc"), (2, "ac"), (3, "a")])
def test_an_event_takes_every_step_since_it_was_stored(version: int, name: str) -> None:
    stored = CameraRenamed(camera_id="1", name="a")
    assert UPCASTERS(stored, version) == CameraRenamed(camera_id="1", name=name)
    assert stored.name == "a"
    assert UPCASTERS(CameraDeleted(camera_id="1"), version) == CameraDeleted(camera_id="1")


@pytest.mark.parametrize("version", [0, 4])
def test_a_schema_that_nobody_knows_is_not_guessed_at(version: int) -> None:
    with pytest.raises(ValueError, match="CameraRenamed has schema version"):
        UPCASTERS(CameraRenamed(), version)


def test_the_version_that_is_written_follows_from_the_steps() -> None:
    assert (Upcasters().version, UPCASTERS.version) == (1, 3)
