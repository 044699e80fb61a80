"""Between events, what subscribers are told, and the contract's messages."""

from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.counting.v1 import events_pb2
from tally.api.realtime.v1 import realtime_service_pb2 as messages
from tally.kernel.clock import Clock
from tally.realtime.application.subscribe import Update


def camera_counts(recorded: events_pb2.CountsRecorded) -> messages.CameraCounts:
    """What subscribers are told of an event."""
    return messages.CameraCounts(
        camera_id=recorded.camera_id,
        run_id=recorded.run_id,
        time=recorded.end_time,
        crossings=recorded.crossings,
        visits=recorded.visits,
        occupancies=recorded.occupancies,
        totals=recorded.totals,
        reference_totals=recorded.reference_totals,
        reference_occupancies=recorded.reference_occupancies,
        detector=recorded.detector,
    )


def subscribe_response(
    update: Update[messages.CameraCounts], clock: Clock
) -> messages.SubscribeResponse:
    """An update as a message of the stream."""
    if update.event is not None:
        return messages.SubscribeResponse(
            resume_token=update.position.token, counts=update.event.counts
        )
    time = Timestamp()
    time.FromDatetime(clock())
    return messages.SubscribeResponse(
        resume_token=update.position.token, heartbeat=messages.Heartbeat(time=time)
    )
