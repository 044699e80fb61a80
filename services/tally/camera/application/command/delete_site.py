"""Deletes a site."""

from dataclasses import dataclass

from tally.camera.domain.ports import UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSite(Command[None]):
    """Deletes a site at which there are no cameras and no areas.

    Attributes:
        site_id: The site.
        etag: The etag that the site must still have; empty for any.
    """

    site_id: str
    etag: str = ""


@dataclass(frozen=True, slots=True)
class DeleteSiteHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
    """

    clock: Clock

    async def __call__(self, command: DeleteSite, work: UnitOfWork) -> None:
        """Delete it.

        Raises:
            SiteNotFound: There is none.
            EtagMismatch: It has another etag.
            SiteInUse: There are cameras or areas at it.
        """
        site = await work.sites.hold(command.site_id)
        site.require_etag(command.etag)
        await work.sites.remove(site, self.clock())
