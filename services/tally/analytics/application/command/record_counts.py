"""Stores what workers counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from opentelemetry import metrics

from tally.analytics.domain.model import CountsRecord, Stored
from tally.analytics.domain.ports import CountsStore

_meter = metrics.get_meter("tally.analytics")
_stored = _meter.create_counter(
    "tally.analytics.stored", description="Records, crossings and visits that were stored"
)
_repeated = _meter.create_counter(
    "tally.analytics.repeated",
    description="Records, crossings and visits that changed nothing: they came again, or were fenced",
)
_fenced = _meter.create_counter(
    "tally.analytics.fenced",
    description="Records that do not count, because a later holder of their camera had begun",
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RecordCounts:
    """Stores records of counts, each crossing and visit once, however often and in whatever order they come.

    A worker that has lost its camera may not know it yet: what it saw after a later holder of the camera began
    is not stored, or not kept.
    """

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
        if stored.refused or stored.withdrawn:
            _log.warning("fenced", refused=stored.refused, withdrawn=stored.withdrawn)
            _fenced.add(stored.refused + stored.withdrawn)
        for kind in ("records", "crossings", "visits"):
            new = getattr(stored, kind)
            _stored.add(new, {"kind": kind})
            _repeated.add(getattr(offered, kind) - new, {"kind": kind})
        return stored
