"""One reading of a source becomes records that explain themselves."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tally.api.counting.v1 import count_pb2
from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.counting import Calibration, Mask
from tally.kernel.errors import FailedPrecondition
from tally.kernel.grpc.validation import check_message
from tally.worker.agent.checkpoints import Checkpoints
from tally.worker.agent.crossing_pictures import Send
from tally.worker.agent.detector import Detector, DetectorUnavailable
from tally.worker.agent.reading import Reading
from tally.worker.agent.selection import ClassSelection
from tally.worker.agent.sources import SourceError, SourceErrorReason, VideoSource
from tally.worker.agent.task import CameraTask
from tally.worker.agent.view import StillView
from tests.unit.worker.agent.scenes import (
    BEGAN,
    CAMERA_ID,
    FPS,
    WalkDetector,
    WalkSource,
    streamed,
    task,
)

RUN_ID = "0190a5b2-0000-7000-8000-0000000000aa"


async def read(
    source: VideoSource,
    detector: Detector | None = None,
    *,
    now: Callable[[], CameraTask] = task,
    set_task: CameraTask | None = None,
    send_picture: Send = lambda picture: None,
) -> list[CountsRecorded]:
    records: list[CountsRecorded] = []

    async def keep(record: CountsRecorded) -> None:
        check_message(record)
        records.append(record)

    detector = detector or WalkDetector()
    stream = streamed(source)
    with TemporaryDirectory() as folder:
        reading = Reading(
            set_task or task(),
            stream,
            RUN_ID,
            detector,
            ClassSelection(detector),
            view=StillView(),
            now=now,
            keep=keep,
            checkpoints=Checkpoints(Path(folder)),
            send_picture=send_picture,
        )
        try:
            await reading.count(lambda: None)
        except (SourceError, DetectorUnavailable):
            return records
        finally:
            await stream.stop()
    return records


async def test_records_follow_one_another_and_cover_every_frame() -> None:
    records = await read(WalkSource(frames=50))
    assert [record.sequence for record in records] == list(range(len(records)))
    assert sum(record.frames_processed for record in records) == 50
    assert records[0].start_time.ToDatetime(BEGAN.tzinfo) == BEGAN
    assert all(
        before.end_time.ToDatetime() < after.start_time.ToDatetime()
        for before, after in pairwise(records[:-1])
    )
    assert {record.camera_id for record in records} == {CAMERA_ID}
    assert {(record.run_id, record.config_version, record.detector) for record in records} == {
        (RUN_ID, 3, "walk")
    }


async def test_one_person_crosses_once_and_is_inside_until_the_end() -> None:
    records = await read(WalkSource(frames=50))
    crossings = [crossing for record in records for crossing in record.crossings]
    assert [(each.line, each.direction, each.object_class) for each in crossings] == [
        ("middle", count_pb2.DIRECTION_IN, "person")
    ]
    visits = [visit.kind for record in records for visit in record.visits]
    assert visits == [count_pb2.VISIT_KIND_ENTRY, count_pb2.VISIT_KIND_EXIT]
    assert records[-2].occupancies[0].count == 1
    assert (records[-1].occupancies[0].count, records[-1].occupancies[0].peak) == (0, 1)
    assert (records[-1].totals[0].in_count, records[-1].totals[0].out_count) == (1, 0)


async def test_whoever_walks_in_a_mask_is_in_no_record() -> None:
    everywhere = Mask(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    records = await read(WalkSource(frames=50), set_task=task(masks=(everywhere,)))
    assert sum(record.frames_processed for record in records) == 50
    assert not any(record.crossings or record.visits for record in records)


async def test_crossings_tell_the_speed_on_a_calibrated_floor() -> None:
    picture = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    floor = Calibration(picture, ((0.0, 10.0), (10.0, 10.0), (10.0, 0.0), (0.0, 0.0)))
    records = await read(WalkSource(frames=50), set_task=task(calibration=floor))
    [crossing] = [crossing for record in records for crossing in record.crossings]
    # From 25 to 95 % of the picture's height, which is ten metres.
    assert crossing.speed_mps == pytest.approx(7.0 / (50 / FPS), rel=0.1)


async def test_a_recording_that_is_read_again_makes_the_same_records() -> None:
    assert await read(WalkSource()) == await read(WalkSource())


async def test_a_recording_that_breaks_off_is_not_settled() -> None:
    broken = await read(
        WalkSource(frames=50, error=SourceError(SourceErrorReason.UNREACHABLE, "gone"))
    )
    whole = await read(WalkSource(frames=50))
    assert broken == whole[: len(broken)]
    assert len(broken) < len(whole)


async def test_a_live_stream_that_breaks_off_leaves_its_run_open() -> None:
    error = SourceError(SourceErrorReason.UNREACHABLE, "gone")
    records = await read(WalkSource(frames=50, live=True, pause_s=0.01, error=error))
    assert records[-1].occupancies[0].count == 1
    assert sum(record.frames_processed + record.frames_dropped for record in records) == 50
    kinds = [visit.kind for record in records for visit in record.visits]
    assert kinds == [count_pb2.VISIT_KIND_ENTRY]


async def test_a_live_stream_that_is_stopped_keeps_what_is_settled(tmp_path: Path) -> None:
    records: list[CountsRecorded] = []
    all_seen = asyncio.Event()

    async def keep(record: CountsRecorded) -> None:
        records.append(record)

    detector = WalkDetector()
    stream = streamed(WalkSource(frames=50, live=True, linger=True))
    reading = Reading(
        task(),
        stream,
        RUN_ID,
        detector,
        ClassSelection(detector),
        view=StillView(),
        now=task,
        keep=keep,
        checkpoints=Checkpoints(tmp_path),
        send_picture=lambda picture: None,
    )

    def noted() -> None:
        if reading.figures.last_frame_time == BEGAN.replace(second=4, microsecond=900_000):
            all_seen.set()

    counting = asyncio.create_task(reading.count(noted))
    await all_seen.wait()
    counting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await counting
    await stream.stop()
    assert records[-1].totals[0].in_count == 1
    assert records[-1].occupancies[0].count == 0


async def test_a_recordings_frame_is_tried_again_until_the_detector_is_back() -> None:
    detector = WalkDetector(fails=lambda call: call in (20, 21))
    assert await read(WalkSource(), detector) == await read(WalkSource())


async def test_a_recording_begins_anew_when_the_detector_forgot_its_frames() -> None:
    detector = WalkDetector(stateful=True, fails=lambda call: call == 20)
    records = await read(WalkSource(), detector)
    assert records == (await read(WalkSource()))[: len(records)]
    assert detector.calls == 20


async def test_a_live_stream_goes_on_without_the_frames_that_the_detector_missed() -> None:
    detector = WalkDetector(stateful=True, fails=lambda call: call == 20)
    records = await read(WalkSource(live=True, pause_s=0.02), detector)
    processed = sum(record.frames_processed for record in records)
    dropped = sum(record.frames_dropped for record in records)
    assert processed + dropped == 50
    assert dropped >= 1
    assert detector.calls > 20
    assert len(set(detector.sequences)) == 2


async def test_the_epoch_may_rise_and_the_camera_move_within_a_run() -> None:
    epochs = iter(range(5, 1000))

    def now() -> CameraTask:
        epoch = next(epochs)
        return task(epoch=epoch, site_id="north" if epoch < 30 else "south")

    records = await read(WalkSource(), now=now)
    assert records[0].epoch < records[-1].epoch
    assert (records[0].site_id, records[-1].site_id) == ("north", "south")


def test_people_count_where_the_detector_knows_people() -> None:
    selection = ClassSelection(WalkDetector())
    assert selection.name(1) == "person"
    with pytest.raises(FailedPrecondition, match="cannot tell cat; it knows dog, person"):
        ClassSelection(WalkDetector(), ["cat"])


async def test_objects_below_the_cameras_score_do_not_count() -> None:
    usual = await read(WalkSource(frames=50))
    strict = await read(WalkSource(frames=50), set_task=task(min_score=0.95))
    assert sum(len(record.crossings) for record in usual) == 1
    assert sum(len(record.crossings) for record in strict) == 0
