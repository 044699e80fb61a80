"""Deletes a site."""

from dataclasses import dataclass

from tally.camera.domain.ports import Begin
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class DeleteSite:
    """Deletes a site at which there are no cameras."""

    begin: Begin
    clock: Clock

    async def __call__(self, site_id: str, etag: str = "") -> None:
        """Delete it.

        Raises:
            SiteNotFound: There is none.
            EtagMismatch: `etag` is set and the site has another one.
            SiteInUse: There are cameras at it.
        """
        async with self.begin() as work:
            site = await work.sites.hold(site_id)
            site.require_etag(etag)
            await work.sites.remove(site, self.clock())
