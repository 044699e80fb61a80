"""Finds one site."""

from dataclasses import dataclass

from tally.camera.domain.errors import SiteNotFound
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.site import Site
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSite(Query[Site]):
    """Finds one site.

    Attributes:
        site_id: The site.
        sites: The sites where the caller may see cameras.
    """

    site_id: str
    sites: Sites

    def require_valid(self) -> None:
        """Hide sites from callers who may look elsewhere only.

        Raises:
            SiteNotFound: It is none of those.
        """
        if self.sites is not None and self.site_id not in self.sites:
            raise SiteNotFound(self.site_id)


async def get_site(query: GetSite, work: UnitOfWork) -> Site:
    """The site.

    Raises:
        SiteNotFound: There is no such site.
    """
    return await work.sites.get(query.site_id)
