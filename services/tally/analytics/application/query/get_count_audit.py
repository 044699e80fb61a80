"""Returns one audit of counts."""

from dataclasses import dataclass

from tally.analytics.domain.count_audit import CountAudit
from tally.analytics.domain.ports import CountAudits
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class GetCountAudit:
    """Returns one audit."""

    audits: CountAudits

    async def __call__(self, audit_id: str, sites: Sites) -> CountAudit:
        """The audit.

        Raises:
            AuditNotFound: There is none.
        """
        return await self.audits.get(audit_id, sites)
