"""Records of counts, made and published as workers do."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.counting.v1 import count_pb2, events_pb2
from tally.kernel.bus import COUNTING, Bus, Envelope
from tally.kernel.ids import derived_id, new_id

LINE, ZONE = "gate", "plaza"


def record(
    camera_id: str,
    sequence: int,
    start: datetime,
    *,
    run: str = "run",
    seconds: float = 1.0,
    inwards: int = 0,
    outwards: int = 0,
    stays: Sequence[float] = (),
) -> events_pb2.CountsRecorded:
    """One second of one camera.

    Args:
        camera_id: The camera.
        sequence: Position in the run.
        start: When it begins.
        run: Tells runs apart.
        seconds: How long it is.
        inwards: Crossings inwards.
        outwards: Crossings outwards.
        stays: Seconds that people who left the zone had been inside.
    """
    run_id = derived_id(camera_id, run)
    time = _timestamp(start)
    directions = [count_pb2.DIRECTION_IN] * inwards + [count_pb2.DIRECTION_OUT] * outwards
    return events_pb2.CountsRecorded(
        camera_id=camera_id,
        run_id=run_id,
        sequence=sequence,
        epoch=1,
        config_version=3,
        start_time=time,
        end_time=_timestamp(start + timedelta(seconds=seconds)),
        frames_processed=10,
        crossings=[
            count_pb2.Crossing(
                id=derived_id(run_id, sequence, LINE, number),
                line=LINE,
                direction=direction,
                time=time,
                track=number,
                object_class="person",
                score=0.5,
            )
            for number, direction in enumerate(directions)
        ],
        visits=[
            count_pb2.Visit(
                id=derived_id(run_id, sequence, ZONE, number),
                zone=ZONE,
                kind=count_pb2.VISIT_KIND_EXIT,
                time=time,
                track=number,
                dwell=_duration(stay),
                object_class="person",
            )
            for number, stay in enumerate(stays)
        ],
        occupancies=[count_pb2.ZoneOccupancy(zone=ZONE, count=1, peak=len(stays))],
        totals=[count_pb2.LineTotal(line=LINE, in_count=inwards, out_count=outwards)],
        detector="motion",
    )


async def publish(bus: Bus, records: Iterable[events_pb2.CountsRecorded]) -> None:
    """Publish records, each as a new event: the stream's own memory of event ids must not be what helps."""
    await bus.publish(
        [
            (
                COUNTING.subject(each.camera_id),
                Envelope.of(
                    each,
                    id=new_id(),
                    source="tally/worker",
                    subject=each.camera_id,
                    time=each.end_time.ToDatetime(),
                ),
            )
            for each in records
        ]
    )


def _timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=seconds))
    return duration
