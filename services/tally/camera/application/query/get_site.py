"""Finds one site."""

from dataclasses import dataclass

from tally.camera.domain.errors import SiteNotFound
from tally.camera.domain.ports import Begin
from tally.camera.domain.site import Site
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class GetSite:
    """Finds one site."""

    begin: Begin

    async def __call__(self, site_id: str, *, sites: Sites) -> Site:
        """The site.

        Raises:
            SiteNotFound: There is no such site among those where the caller may see cameras.
        """
        if sites is not None and site_id not in sites:
            raise SiteNotFound(site_id)
        async with self.begin() as work:
            return await work.sites.get(site_id)
