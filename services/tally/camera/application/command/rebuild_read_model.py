"""Makes the read model again from the events."""

from collections.abc import Mapping
from dataclasses import dataclass

from tally.camera.domain.model import Camera
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.rebuilding import Rebuilt, differences
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReadModel(Command[Rebuilt]):
    """Makes the read model again from the events, and tells where it was wrong.

    Attributes:
        validate_only: Whether to answer as if it were done, and to change nothing.
    """

    validate_only: bool = False


async def rebuild_read_model(_: RebuildReadModel, work: UnitOfWork) -> Rebuilt:
    """What the read model held wrongly.

    Raises:
        RuntimeError: What was made does not read back as the events say: the read model has lost something of a camera.
    """
    await work.read_model.hold()
    shown = await _shown(work)
    true = {camera.id: camera async for camera in work.cameras.all()}
    await work.read_model.replace(true.values())
    if lost := differences(await _shown(work), true):
        raise RuntimeError(f"the read model cannot show what the events say: {lost[0]}")
    return Rebuilt(len(true), differences(shown, true))


async def _shown(work: UnitOfWork) -> Mapping[str, Camera]:
    return {view.camera.id: view.camera async for view in work.read_model.find_all()}
