"""Counts cameras."""

from collections.abc import Mapping
from dataclasses import dataclass

from tally.camera.domain.listing import in_state
from tally.camera.domain.model import CameraState
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.message_bus import Query


@dataclass(frozen=True, slots=True)
class CountCameras(Query[Mapping[CameraState, int]]):
    """Counts cameras, by whether they are counting."""


async def count_cameras(_: CountCameras, work: UnitOfWork) -> Mapping[CameraState, int]:
    """How many there are in each state that cameras which are not deleted can be in."""
    states = (CameraState.ACTIVE, CameraState.INACTIVE)
    return {state: await work.read_model.count(in_state(state)) for state in states}
