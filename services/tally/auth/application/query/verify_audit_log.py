"""Tells whether the audit log is as it was written."""

from dataclasses import dataclass

from tally.auth.domain.audit import BEGINNING, Verification, chained_hash
from tally.auth.domain.ports import Begin

BATCH = 1000


@dataclass(frozen=True, slots=True)
class VerifyAuditLog:
    """Computes the chain of hashes anew; entries go on being appended meanwhile."""

    begin: Begin

    async def __call__(self) -> Verification:
        """Read the whole log, a batch at a time."""
        entries, first_broken, sequence, digest = 0, 0, 0, BEGINNING
        while True:
            async with self.begin() as work:
                batch = await work.audit_log.oldest(sequence, BATCH)
            for entry in batch:
                fits = (
                    entry.sequence == sequence + 1
                    and chained_hash(digest, entry.record) == entry.hash
                )
                if not fits and not first_broken:
                    first_broken = entry.sequence
                sequence, digest = entry.sequence, entry.hash
            entries += len(batch)
            if len(batch) < BATCH:
                return Verification(entries, first_broken, digest if entries else b"")
