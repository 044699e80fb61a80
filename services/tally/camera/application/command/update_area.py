"""Changes what an area is."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.area import Area, AreaSpec
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateArea(Command[Area]):
    """Changes parts of an area and leaves the rest as it is at that moment.

    Attributes:
        area_id: The area.
        revise: Makes the wanted spec of the present one; its errors end the change.
        etag: The etag that the area must still have; empty for any.
        sites: The sites where the caller may change cameras.
    """

    area_id: str
    revise: Callable[[AreaSpec], AreaSpec]
    etag: str = ""
    sites: Sites


@dataclass(frozen=True, slots=True)
class UpdateAreaHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
    """

    clock: Clock

    async def __call__(self, command: UpdateArea, work: UnitOfWork) -> Area:
        """The changed area.

        Raises:
            AreaNotFound: There is no such area of those sites.
            EtagMismatch: It has another etag.
            InvalidInput: The name is none.
            AreaNameTaken: Another area of the site has the new name.
        """
        area = await work.areas.hold(command.area_id)
        area.require_at(command.sites)
        area.require_etag(command.etag)
        revised = area.revise(command.revise(area.spec), self.clock())
        if revised.version != area.version:
            await work.areas.save(revised)
        return revised
