"""Creates a site."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.ports import Begin
from tally.camera.domain.site import Site, SiteSpec
from tally.kernel.clock import Clock
from tally.kernel.idempotency import UNNAMED, CreateRequest


@dataclass(frozen=True, slots=True)
class CreateSite:
    """Creates a site; a repeated request creates none."""

    begin: Begin
    clock: Clock
    new_id: Callable[[], str]

    async def __call__(self, spec: SiteSpec, request: CreateRequest = UNNAMED) -> Site:
        """The new site, or the one that the same request created before, as it is now.

        Raises:
            InvalidInput: There is no such time zone, or opening hours make no sense.
            SiteNameTaken: Another site has its name.
            RequestIdReused: The request id stands for another request.
            SiteNotFound: The same request created a site that was deleted since.
        """
        site = Site.create(self.new_id(), spec, self.clock())
        async with self.begin() as work:
            before = await work.create_requests.claim(request, site.id, site.create_time)
            if before is not None:
                return await work.sites.get(before)
            await work.sites.save(site)
        return site
