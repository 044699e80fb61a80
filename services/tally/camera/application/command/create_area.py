"""Creates an area."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.area import Area, AreaSpec
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.idempotency import UNNAMED, CreateRequest
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateArea(Command[Area]):
    """Creates an area of a site; a repeated request creates none.

    Attributes:
        spec: What it is to be.
        request: What asks for it.
        sites: The sites where the caller may change cameras.
    """

    spec: AreaSpec
    request: CreateRequest = UNNAMED
    sites: Sites

    def require_valid(self) -> None:
        """Refuse what no area can be, and where the caller may not make any.

        Raises:
            SiteForbidden: The caller may not make areas of its site.
            InvalidInput: The name holds control characters.
        """
        self.spec.require_site(self.sites)
        self.spec.require_valid()


@dataclass(frozen=True, slots=True)
class CreateAreaHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
        new_id: Makes the area's id.
    """

    clock: Clock
    new_id: Callable[[], str]

    async def __call__(self, command: CreateArea, work: UnitOfWork) -> Area:
        """The new area, or the one that the same request created before, as it is now.

        Raises:
            SiteUnknown: There is no such site.
            AreaNameTaken: Another area of the site has its name.
            RequestIdReused: The request id stands for another request.
            AreaNotFound: The same request created an area that was deleted since.
        """
        area_id, now = self.new_id(), self.clock()
        before = await work.create_requests.claim(command.request, area_id, now)
        if before is not None:
            return await work.areas.get(before)
        area = Area(id=area_id, spec=command.spec, version=1, create_time=now, update_time=now)
        await work.areas.save(area)
        return area
