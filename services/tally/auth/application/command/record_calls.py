"""Records what was done."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.auth.domain.audit import Record
from tally.auth.domain.ports import Begin


@dataclass(frozen=True, slots=True)
class RecordCalls:
    """Appends records to the audit log; those that are there already count once."""

    begin: Begin

    async def __call__(self, records: Sequence[Record]) -> None:
        """All or none. Nothing else is done meanwhile, since other records wait."""
        async with self.begin() as work:
            await work.audit_log.append(records)
