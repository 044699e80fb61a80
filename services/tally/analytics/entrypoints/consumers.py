"""Takes what workers counted, where cameras are, and by which clocks sites live, off the bus."""

from collections.abc import Sequence

from google.protobuf.message import Message

from tally.analytics.application.command.follow_cameras import FollowCameras
from tally.analytics.application.command.follow_sites import FollowSites
from tally.analytics.application.command.record_counts import RecordCounts
from tally.analytics.entrypoints.mapping import camera_placed, counts_record, site_clock
from tally.api.counting.v1 import events_pb2
from tally.kernel.bus import CAMERA, COUNTING, Bus, Consumer, Delivery
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


def camera_consumer(bus: Bus, follow_cameras: FollowCameras) -> Consumer:
    """The durable consumer of what says at which site a camera is."""

    async def handle(deliveries: Sequence[Delivery]) -> None:
        await follow_cameras(
            [camera_placed(each.message, each.envelope.version) for each in deliveries]
        )

    return Consumer(
        bus,
        CAMERA,
        "analytics-cameras",
        handle,
        context="analytics",
        subjects=[CAMERA.subject(event, "*") for event in ("CameraCreated", "CameraMoved")],
    )


def site_consumer(bus: Bus, follow_sites: FollowSites) -> Consumer:
    """The durable consumer of what says by which clocks a site lives; a deleted one keeps them for what it counted."""

    async def handle(deliveries: Sequence[Delivery]) -> None:
        await follow_sites([site_clock(each.message, each.envelope.version) for each in deliveries])

    return Consumer(
        bus,
        CAMERA,
        "analytics-sites",
        handle,
        context="analytics",
        subjects=[CAMERA.subject(event, "*") for event in ("SiteCreated", "SiteUpdated")],
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
