"""Makes the read model again from the events."""

from dataclasses import dataclass

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
    shown = await work.read_model.hold()
    true = {camera.id: camera async for camera in work.cameras.all()}
    await work.read_model.replace(true.values())
    if lost := differences(await work.read_model.hold(), true):
        raise RuntimeError(f"the read model cannot show what the events say: {lost[0]}")
    return Rebuilt(len(true), differences(shown, true))
