"""Creates a site."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.site import Site, SiteSpec
from tally.kernel.clock import Clock
from tally.kernel.idempotency import UNNAMED, CreateRequest
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSite(Command[Site]):
    """Creates a site; a repeated request creates none.

    Attributes:
        spec: What it is to be.
        request: What asks for it.
    """

    spec: SiteSpec
    request: CreateRequest = UNNAMED

    def require_valid(self) -> None:
        """Refuse what no site can be.

        Raises:
            InvalidInput: There is no such time zone, or opening hours make no sense.
        """
        self.spec.require_valid()


@dataclass(frozen=True, slots=True)
class CreateSiteHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
        new_id: Makes the site's id.
    """

    clock: Clock
    new_id: Callable[[], str]

    async def __call__(self, command: CreateSite, work: UnitOfWork) -> Site:
        """The new site, or the one that the same request created before, as it is now.

        Raises:
            SiteNameTaken: Another site has its name.
            RequestIdReused: The request id stands for another request.
            SiteNotFound: The same request created a site that was deleted since.
        """
        site = Site.create(self.new_id(), command.spec, self.clock())
        before = await work.create_requests.claim(command.request, site.id, site.create_time)
        if before is not None:
            return await work.sites.get(before)
        await work.sites.save(site)
        return site
