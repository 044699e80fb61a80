"""Lists what happened to a camera."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.domain.events import RecordedEvent
from tally.camera.domain.model import Camera
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query
from tally.kernel.paging import invalid_page_token, page_token, read_page_token

DEFAULT_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class CameraEventPage:
    """Some of what happened.

    Attributes:
        events: Newest first.
        next_page_token: Asks for those before; empty if there are none.
    """

    events: Sequence[RecordedEvent]
    next_page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCameraEvents(Query[CameraEventPage]):
    """Lists what happened to a camera, newest first, a page at a time.

    Attributes:
        camera_id: The camera; one that was deleted has its history too.
        page_size: At most so many events; 0 means 50.
        token: `next_page_token` of the page before; empty for the first page.
        sites: Where the caller may see cameras. It counts where the camera is now, or was last.
    """

    camera_id: str
    page_size: int = 0
    token: str = ""
    sites: Sites


async def list_camera_events(query: ListCameraEvents, work: UnitOfWork) -> CameraEventPage:
    """One page.

    Raises:
        CameraNotFound: There never was such a camera there.
        InvalidInput: The token is none of this list's.
    """
    bound = ("camera events", query.camera_id.lower())
    life = await work.cameras.life(query.camera_id)
    Camera.from_events([recorded.event for recorded in life]).require_at(query.sites)
    before = _version(query.token, bound) if query.token else len(life) + 1
    older = [recorded for recorded in reversed(life) if recorded.version < before]
    shown = older[: query.page_size or DEFAULT_PAGE_SIZE]
    more = len(older) > len(shown)
    return CameraEventPage(shown, page_token(bound, (str(shown[-1].version),)) if more else "")


def _version(token: str, bound: Sequence[str]) -> int:
    (version,) = read_page_token(token, bound, key_length=1)
    if not version.isdecimal():
        raise invalid_page_token()
    return int(version)
