"""Takes what workers counted off the bus."""

from collections.abc import Sequence

from google.protobuf.message import Message

from tally.analytics.application.command.record_counts import RecordCounts
from tally.analytics.entrypoints.mapping import counts_record
from tally.api.counting.v1 import events_pb2
from tally.kernel.bus import COUNTING, Bus, Consumer, Delivery
from tally.kernel.grpc.validation import field_violations
from tally.kernel.messages import UnknownMessage, type_name

BATCH = 500
"""Records in one transaction, at most."""


def counting_consumer(bus: Bus, record_counts: RecordCounts) -> Consumer:
    """The durable consumer of counts: acknowledges a record when it is stored and summed."""

    async def handle(deliveries: Sequence[Delivery]) -> None:
        await record_counts([counts_record(_recorded(each.message)) for each in deliveries])

    return Consumer(
        bus,
        COUNTING,
        "analytics-counting",
        handle,
        context="analytics",
        check=_check,
        batch=BATCH,
    )


def _check(message: Message) -> None:
    violations = field_violations(_recorded(message))
    if violations:
        found = "; ".join(f"{each.field or 'record'}: {each.description}" for each in violations)
        raise UnknownMessage(f"breaks its contract: {found}")


def _recorded(message: Message) -> events_pb2.CountsRecorded:
    if not isinstance(message, events_pb2.CountsRecorded):
        raise UnknownMessage(f"{type_name(message)} is no CountsRecorded")
    return message
