"""Stores what workers counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry import metrics

from tally.analytics.domain.model import CountsRecord, Stored
from tally.analytics.domain.ports import CountsStore

_meter = metrics.get_meter("tally.analytics")
_stored = _meter.create_counter(
    "tally.analytics.stored", description="Records, crossings and visits that were stored"
)
_repeated = _meter.create_counter(
    "tally.analytics.repeated",
    description="Records, crossings and visits that came again and changed nothing",
)


@dataclass(frozen=True, slots=True)
class RecordCounts:
    """Stores records of counts, each crossing and visit once, however often and in whatever order they come."""

    store: CountsStore

    async def __call__(self, records: Sequence[CountsRecord]) -> Stored:
        """Store what is new; when this returns, it is safe.

        Returns:
            How much was new.
        """
        stored = await self.store.add(records)
        offered = Stored(
            records=len(records),
            crossings=sum(len(record.crossings) for record in records),
            visits=sum(len(record.visits) for record in records),
        )
        for kind in ("records", "crossings", "visits"):
            new = getattr(stored, kind)
            _stored.add(new, {"kind": kind})
            _repeated.add(getattr(offered, kind) - new, {"kind": kind})
        return stored
