"""Lists cameras."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tally.camera.domain.listing import CameraQuery, Order
from tally.camera.domain.model import CameraView
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query
from tally.kernel.paging import invalid_page_token, page_token, read_page_token

DEFAULT_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class CameraPage:
    """Some of the cameras.

    Attributes:
        cameras: In the order of the query.
        next_page_token: Asks for those that follow; empty if none do.
    """

    cameras: Sequence[CameraView]
    next_page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCameras(Query[CameraPage]):
    """Lists cameras, a page at a time.

    Attributes:
        query: Which cameras, in which order.
        page_size: At most so many cameras; 0 means 50.
        token: `next_page_token` of the page before; empty for the first page.
        sites: Where the caller may see cameras.
    """

    query: CameraQuery = field(default_factory=CameraQuery)
    page_size: int = 0
    token: str = ""
    sites: Sites


async def list_cameras(asked: ListCameras, work: UnitOfWork) -> CameraPage:
    """One page.

    Raises:
        InvalidInput: The token is none of this list's.
    """
    query, size = asked.query, asked.page_size or DEFAULT_PAGE_SIZE
    bound = ("cameras", repr(query))
    after = _place(query, asked.token, bound) if asked.token else None
    found = await work.read_model.page(query, after, size + 1, asked.sites)
    shown = found[:size]
    more = len(found) > len(shown)
    return CameraPage(shown, page_token(bound, query.place(shown[-1])) if more else "")


def _place(query: CameraQuery, token: str, bound: Sequence[str]) -> tuple[str, str]:
    key, id_ = read_page_token(token, bound, key_length=2)
    try:
        UUID(id_)
        if query.order is not Order.NAME:
            datetime.fromisoformat(key)
    except ValueError:
        raise invalid_page_token() from None
    return key, id_
