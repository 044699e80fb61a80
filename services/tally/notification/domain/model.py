"""Notifications."""

from dataclasses import dataclass
from datetime import datetime

from tally.kernel.errors import PermissionDenied
from tally.kernel.identity import Sites


class SiteForbidden(PermissionDenied):
    """The caller may tell nothing about this site."""

    reason = "SITE_FORBIDDEN"

    def __init__(self, site_id: str) -> None:
        what = f"about the site {site_id}" if site_id else "that is about no site"
        super().__init__(f"the caller may tell nothing {what}: name a site of their own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Something that people are told.

    Attributes:
        id: Its identifier, which sorts by time.
        title: What happened, in one line.
        body: More about it.
        site_id: The site that it is about; empty if none.
        camera_id: The camera that it is about; empty if none.
        sender: Who sent it.
        create_time: When.
    """

    id: str
    title: str
    body: str = ""
    site_id: str = ""
    camera_id: str = ""
    sender: str
    create_time: datetime

    def require_at(self, sites: Sites) -> None:
        """Refuse to tell about a site where its sender may not.

        Raises:
            SiteForbidden: It is about none of these.
        """
        if sites is not None and self.site_id not in sites:
            raise SiteForbidden(self.site_id)
