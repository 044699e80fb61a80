"""Lists audits of counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tally.analytics.domain.count_audit import CountAudit
from tally.analytics.domain.ports import CountAudits
from tally.kernel.identity import Sites
from tally.kernel.paging import invalid_page_token, page_token, read_page_token

DEFAULT_PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class CountAuditPage:
    """Some of a camera's audits, the newest first, and what asks for those that follow; empty if none do."""

    audits: Sequence[CountAudit]
    next_page_token: str


@dataclass(frozen=True, slots=True)
class ListCountAudits:
    """Lists a camera's audits, the newest first, a page at a time."""

    audits: CountAudits

    async def __call__(
        self, camera_id: str, sites: Sites, page_size: int = 0, token: str = ""
    ) -> CountAuditPage:
        """One page.

        Raises:
            InvalidInput: The token is none of this list's.
        """
        size = page_size or DEFAULT_PAGE_SIZE
        query = ("count_audits", camera_id)
        found = await self.audits.page(camera_id, _before(token, query), size + 1, sites)
        shown = found[:size]
        more = len(found) > len(shown)
        return CountAuditPage(shown, page_token(query, [shown[-1].id]) if more else "")


def _before(token: str, query: Sequence[str]) -> str | None:
    if not token:
        return None
    (last,) = read_page_token(token, query, key_length=1)
    try:
        return str(UUID(last))
    except ValueError:
        raise invalid_page_token() from None
