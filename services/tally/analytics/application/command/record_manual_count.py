"""Stores what a person counted."""

from dataclasses import dataclass

from tally.analytics.domain.count_audit import LineTallies, ManualCount, Sample
from tally.analytics.domain.ports import CountAudits
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class RecordManualCount:
    """Stores what a person counted in a sample."""

    audits: CountAudits
    clock: Clock

    async def __call__(
        self, audit_id: str, sample: int, tallies: LineTallies, principal: str, sites: Sites
    ) -> Sample:
        """The sample with the count; the same figures again change nothing.

        Raises:
            AuditNotFound: There is no such audit.
            SampleNotFound: It has no such sample.
            LinesMismatch: The count is not of the audit's lines.
            CountedByAnother: Somebody else counted the sample before.
        """
        count = ManualCount(tallies, principal, self.clock())
        return await self.audits.record(audit_id, sample, count, sites)
