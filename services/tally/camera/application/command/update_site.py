"""Changes what a site is."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.camera.domain.errors import SiteNotFound
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.site import Site, SiteSpec
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSite(Command[Site]):
    """Changes parts of a site and leaves the rest as it is at that moment.

    Attributes:
        site_id: The site.
        revise: Makes the wanted spec of the present one; its errors end the change.
        etag: The etag that the site must still have; empty for any.
        sites: The sites where the caller may change cameras.
    """

    site_id: str
    revise: Callable[[SiteSpec], SiteSpec]
    etag: str = ""
    sites: Sites

    def require_valid(self) -> None:
        """Hide sites from callers who may act elsewhere only.

        Raises:
            SiteNotFound: It is none of those.
        """
        if self.sites is not None and self.site_id not in self.sites:
            raise SiteNotFound(self.site_id)


@dataclass(frozen=True, slots=True)
class UpdateSiteHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
    """

    clock: Clock

    async def __call__(self, command: UpdateSite, work: UnitOfWork) -> Site:
        """The changed site.

        Raises:
            SiteNotFound: There is no such site.
            EtagMismatch: It has another etag.
            InvalidInput: There is no such time zone, or opening hours make no sense.
            SiteNameTaken: Another site has the new name.
        """
        site = await work.sites.hold(command.site_id)
        site.require_etag(command.etag)
        revised = site.revise(command.revise(site.spec), self.clock())
        if revised.version != site.version:
            await work.sites.save(revised)
        return revised
