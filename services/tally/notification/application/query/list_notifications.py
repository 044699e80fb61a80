"""Lists notifications."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query
from tally.kernel.paging import page_token, read_page_token
from tally.notification.domain.model import Notification
from tally.notification.domain.ports import UnitOfWork

DEFAULT_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """Some of the notifications.

    Attributes:
        notifications: Newest first.
        next_page_token: Asks for those that follow; empty if none do.
    """

    notifications: Sequence[Notification]
    next_page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNotifications(Query[NotificationPage]):
    """Lists notifications, newest first, a page at a time.

    Attributes:
        site_id: About this site only; empty: about all that the caller may see.
        page_size: At most so many; 0 means 50.
        token: `next_page_token` of the page before; empty for the first page.
        sites: The sites that the caller may see.
    """

    site_id: str = ""
    page_size: int = 0
    token: str = ""
    sites: Sites

    @property
    def wanted(self) -> Sites:
        """The sites whose notifications are shown."""
        if not self.site_id:
            return self.sites
        wanted = frozenset({self.site_id})
        return wanted if self.sites is None else wanted & self.sites


async def list_notifications(query: ListNotifications, work: UnitOfWork) -> NotificationPage:
    """One page.

    Raises:
        InvalidInput: The token is none of this list's.
    """
    listed = ("notifications", query.site_id)
    size = query.page_size or DEFAULT_PAGE_SIZE
    (after,) = read_page_token(query.token, listed, key_length=1) if query.token else ("",)
    found = await work.notifications.page(after, size + 1, query.wanted)
    shown = found[:size]
    more = len(found) > len(shown)
    return NotificationPage(shown, page_token(listed, (shown[-1].id,)) if more else "")
