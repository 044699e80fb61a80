"""Takes what workers say of streams off the bus."""

from collections.abc import Sequence

from tally.api.worker.v1 import events_pb2
from tally.camera.application.command.record_stream_status import RecordStreamStatus
from tally.camera.domain.ports import UnitOfWork
from tally.camera.mapping.resource import status_from_proto
from tally.kernel.bus import WORKER, Bus, Consumer, Delivery
from tally.kernel.message_bus import MessageBus


def stream_status_consumer(bus: Bus, use_cases: MessageBus[UnitOfWork]) -> Consumer:
    """The durable consumer of `StreamStateChanged`."""

    async def handle(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            event = delivery.message
            if not isinstance(event, events_pb2.StreamStateChanged):
                raise TypeError(f"{event.DESCRIPTOR.full_name} is no StreamStateChanged")
            status = status_from_proto(event.status)
            await use_cases.execute(
                RecordStreamStatus(camera_id=event.camera_id, epoch=event.epoch, status=status)
            )

    return Consumer(
        bus,
        WORKER,
        "camera-stream-status",
        handle,
        context="camera",
        subjects=[WORKER.subject("StreamStateChanged", "*")],
    )
