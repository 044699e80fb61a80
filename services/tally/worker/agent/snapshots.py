"""Shows what a running camera sees, to who asks; a camera whom nobody asks does nothing for it."""

import asyncio
from dataclasses import replace
from datetime import datetime

from google.protobuf.duration_pb2 import Duration

from tally.api.camera.v1.snapshot_pb2 import MissingFrame, Snapshot
from tally.api.worker.v1.requests_pb2 import SnapshotReply, SnapshotRequest
from tally.counting import Direction
from tally.kernel.clock import Clock, utc_now
from tally.worker.agent.annotate import Annotator
from tally.worker.agent.cameras import Cameras
from tally.worker.agent.hiding import people_in
from tally.worker.agent.jpeg import encode_jpeg, fitted
from tally.worker.agent.mapping import state_to_proto
from tally.worker.agent.pipeline import CountedFrame
from tally.worker.agent.privacy import NOBODY, presentable
from tally.worker.agent.reading import Reading
from tally.worker.agent.runner import CameraRunner
from tally.worker.agent.sources import Image

WAIT_S = 5.0
"""How long to wait for the next frame."""


class Snapshots:
    """Takes snapshots.

    Args:
        cameras: Those that run.
        clock: Tells how old a frame is.
        wait_s: How long to wait for the next frame.
    """

    def __init__(self, cameras: Cameras, clock: Clock = utc_now, *, wait_s: float = WAIT_S) -> None:
        self._cameras = cameras
        self._clock = clock
        self._wait_s = wait_s

    async def __call__(self, request: SnapshotRequest) -> SnapshotReply:
        """The camera's next frame, or why there is none.

        Raises:
            DetectorUnavailable: Nobody can tell where people are, who are to be hidden.
        """
        camera = self._cameras.running(request.camera_id)
        if camera is None:
            return _missing("the camera has gone to another worker: ask again")
        reading = camera.reading
        if reading is None:
            return _missing(camera.status.reason, camera)
        try:
            async with asyncio.timeout(self._wait_s):
                counted = await reading.next_frame()
        except TimeoutError:
            return _missing(f"no frame came within {self._wait_s:g} s", camera)
        image = counted.frame.image
        privacy = camera.task.privacy
        hidden = privacy.always_hides_people or not request.show_people
        people = await people_in(counted, reading.detector) if hidden else NOBODY
        image = await asyncio.to_thread(presentable, image, privacy, people)
        return await asyncio.to_thread(
            self._shown, request, camera, reading, counted, image, people_hidden=hidden
        )

    def _shown(
        self,
        request: SnapshotRequest,
        camera: CameraRunner,
        reading: Reading,
        counted: CountedFrame,
        image: Image,
        *,
        people_hidden: bool,
    ) -> SnapshotReply:
        image = fitted(image, request.max_width)
        if request.overlays:
            image = _annotated(camera, reading, counted, image)
        snapshot = Snapshot(
            jpeg=encode_jpeg(image),
            people_hidden=people_hidden,
            detector=reading.detector.name,
        )
        snapshot.capture_time.FromDatetime(counted.frame.captured_at)
        if reading.live:
            snapshot.age.CopyFrom(_age(counted.frame.captured_at, self._clock()))
        return SnapshotReply(snapshot=snapshot)


def _annotated(
    camera: CameraRunner, reading: Reading, counted: CountedFrame, image: Image
) -> Image:
    task = camera.task
    totals = {
        (line, direction): count
        for line, total in reading.totals.items()
        for direction, count in (
            (Direction.IN, total.in_count),
            (Direction.OUT, total.out_count),
        )
    }
    annotator = Annotator(
        task.lines,
        task.zones,
        (image.shape[1], image.shape[0]),
        masks=task.masks,
        title=task.name,
        totals=totals,
    )
    # The totals have this frame's crossings already.
    result = replace(counted.result, crossings=())
    return annotator.draw(image, result, counted.frame.time_s)


def _missing(reason: str, camera: CameraRunner | None = None) -> SnapshotReply:
    missing = MissingFrame(reason=reason)
    if camera is not None:
        missing.state = state_to_proto(camera.status.state)
    return SnapshotReply(missing=missing)


def _age(captured_at: datetime, now: datetime) -> Duration:
    age = Duration()
    age.FromTimedelta(max(now - captured_at, now - now))
    return age
