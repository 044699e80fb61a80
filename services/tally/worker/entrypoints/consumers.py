"""Takes what happens to cameras off the bus."""

from collections.abc import Sequence

from tally.api.camera.v1.events_pb2 import DESCRIPTOR
from tally.kernel.bus import CAMERA, Bus, Consumer, Delivery
from tally.worker.application.command.follow_cameras import FollowCameras
from tally.worker.mapping import change_from_proto


def camera_consumer(bus: Bus, follow_cameras: FollowCameras) -> Consumer:
    """The durable consumer of the camera context's events."""

    async def handle(deliveries: Sequence[Delivery]) -> None:
        await follow_cameras(
            [
                change_from_proto(each.message, each.envelope.version, each.envelope.time)
                for each in deliveries
            ]
        )

    # The number rises when what is kept of cameras does: a new consumer reads all events again.
    return Consumer(
        bus,
        CAMERA,
        "worker-cameras-2",
        handle,
        context="worker",
        subjects=[CAMERA.subject(name, "*") for name in DESCRIPTOR.message_types_by_name],
    )
