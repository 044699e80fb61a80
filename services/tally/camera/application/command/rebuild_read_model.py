"""Makes the read model again from the events."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class RebuildReadModel:
    """Makes the read model again from the events, and tells where it was wrong."""

    begin: Begin

    async def __call__(self) -> Sequence[str]:
        """Ids of the cameras that the read model held wrongly, lacked, or should not have held."""
        async with self.begin() as work:
            return await work.read_model.replace(work.cameras.all())
