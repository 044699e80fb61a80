"""Changes what a site is."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.errors import SiteNotFound
from tally.camera.domain.ports import Begin
from tally.camera.domain.site import Site, SiteSpec
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class UpdateSite:
    """Changes parts of a site and leaves the rest as it is at that moment."""

    begin: Begin
    clock: Clock

    async def __call__(
        self, site_id: str, revise: Callable[[SiteSpec], SiteSpec], etag: str = "", *, sites: Sites
    ) -> Site:
        """The changed site.

        Args:
            site_id: The site.
            revise: Makes the wanted spec of the present one; its errors end the change.
            etag: The etag that the site must still have; empty for any.
            sites: The sites where the caller may change cameras.

        Raises:
            SiteNotFound: There is no such site among those.
            EtagMismatch: It has another etag.
            InvalidInput: There is no such time zone, or opening hours make no sense.
            SiteNameTaken: Another site has the new name.
        """
        if sites is not None and site_id not in sites:
            raise SiteNotFound(site_id)
        async with self.begin() as work:
            site = await work.sites.hold(site_id)
            site.require_etag(etag)
            revised = site.revise(revise(site.spec), self.clock())
            if revised.version != site.version:
                await work.sites.save(revised)
            return revised
