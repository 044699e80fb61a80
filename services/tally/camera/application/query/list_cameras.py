"""Lists cameras."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.camera.domain.model import CameraView
from tally.camera.domain.ports import Begin
from tally.kernel.identity import Sites
from tally.kernel.paging import page_token, read_page_token

DEFAULT_PAGE_SIZE = 50
_QUERY = ("cameras", "name")


@dataclass(frozen=True, slots=True)
class CameraPage:
    """Some of the cameras.

    Attributes:
        cameras: In order of name.
        next_page_token: Asks for those that follow; empty if none do.
    """

    cameras: Sequence[CameraView]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ListCameras:
    """Lists cameras by name, a page at a time."""

    begin: Begin

    async def __call__(self, page_size: int = 0, token: str = "", *, sites: Sites) -> CameraPage:
        """One page.

        Args:
            page_size: At most so many cameras; 0 means 50.
            token: `next_page_token` of the page before; empty for the first page.
            sites: Where the caller may see cameras.

        Raises:
            InvalidInput: The token is none of this list's.
        """
        size = page_size or DEFAULT_PAGE_SIZE
        (after,) = read_page_token(token, _QUERY, key_length=1) if token else ("",)
        async with self.begin() as work:
            found = await work.read_model.page(after, size + 1, sites)
        shown = found[:size]
        if len(found) == len(shown):
            return CameraPage(shown, "")
        return CameraPage(shown, page_token(_QUERY, [shown[-1].camera.spec.name]))
