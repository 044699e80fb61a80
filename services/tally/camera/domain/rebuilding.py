"""Where the read model and the events disagree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum

from tally.camera.domain.model import Camera
from tally.camera.domain.spec import CameraSpec


class Disagreement(Enum):
    """In which way a camera was shown wrongly."""

    MISSING = "missing"
    SUPERFLUOUS = "superfluous"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """A camera that was shown wrongly.

    Attributes:
        camera_id: The camera.
        kind: In which way.
        fields: The fields that were shown wrongly, where some were shown.
    """

    camera_id: str
    kind: Disagreement
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of making the read model again.

    Attributes:
        cameras: How many cameras it holds.
        differences: What it held wrongly before, by camera.
    """

    cameras: int
    differences: Sequence[Difference]


def differences(shown: Mapping[str, Camera], true: Mapping[str, Camera]) -> Sequence[Difference]:
    """How cameras that were shown differ from those that there are, in order of their ids."""
    found = (_difference(id_, shown.get(id_), true.get(id_)) for id_ in shown.keys() | true.keys())
    return sorted(filter(None, found), key=lambda each: each.camera_id)


def _difference(camera_id: str, shown: Camera | None, true: Camera | None) -> Difference | None:
    if shown == true:
        return None
    if shown is None:
        return Difference(camera_id, Disagreement.MISSING)
    if true is None:
        return Difference(camera_id, Disagreement.SUPERFLUOUS)
    return Difference(camera_id, Disagreement.DIFFERENT, tuple(_fields(shown, true)))


def _fields(shown: Camera, true: Camera) -> Iterator[str]:
    for field in fields(CameraSpec):
        if getattr(shown.spec, field.name) != getattr(true.spec, field.name):
            yield field.name
    for field in fields(Camera):
        different = getattr(shown, field.name) != getattr(true, field.name)
        if field.compare and field.name != "spec" and different:
            yield field.name
