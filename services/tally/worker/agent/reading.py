"""Reads one stream once: frames in, records out."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from math import inf

import structlog
from opentelemetry import metrics

from tally.api.counting.v1 import count_pb2, events_pb2
from tally.counting import CountingEngine, StateRefused, sure_from
from tally.worker.agent.checkpoints import Checkpoint, Checkpoints
from tally.worker.agent.continued import ContinuedStream
from tally.worker.agent.crossing_pictures import CrossingPictures, Send
from tally.worker.agent.detector import Detector, DetectorUnavailable
from tally.worker.agent.gating import Gating
from tally.worker.agent.health import StreamHealth
from tally.worker.agent.inspector import Inspector
from tally.worker.agent.pipeline import CountedFrame, count_frames
from tally.worker.agent.reader import FrameStream
from tally.worker.agent.recorder import Recorder, Run
from tally.worker.agent.selection import ClassSelection
from tally.worker.agent.sources import SourceError
from tally.worker.agent.status import Figures
from tally.worker.agent.task import CameraTask
from tally.worker.agent.truth import Truth
from tally.worker.agent.view import StillView

Keep = Callable[[events_pb2.CountsRecorded], Awaitable[None]]
"""Returns when the record is safe."""

AGES_S = [0.01 * 1.25**step for step in range(30)]
"""Bounds of the buckets in which the ages of frames are counted: 10 ms to 6 s."""

_log = structlog.get_logger(__name__)
_meter = metrics.get_meter("tally.worker.agent")
_processed = _meter.create_counter("tally.frames.processed", description="Frames counted on")
_dropped = _meter.create_counter(
    "tally.frames.dropped", description="Frames skipped because newer ones were there"
)
_age = _meter.create_histogram(
    "tally.frames.age",
    unit="s",
    description="Time from the decoding of a live frame until it is counted on",
    explicit_bucket_boundaries_advisory=AGES_S,
)
_corrupt = _meter.create_counter(
    "tally.frames.corrupt", description="Frames skipped because they could not be decoded"
)
_gated = _meter.create_counter(
    "tally.frames.gated",
    description="Frames counted on without asking the detector, because nothing had moved",
)


class Reading:
    """One run over one stream.

    Args:
        task: What to count.
        stream: Open; whoever opened it closes it.
        run_id: The run's id.
        detector: Finds the objects.
        selection: Which of them count.
        view: What the camera showed in earlier runs.
        now: The task as it is now: its epoch may rise meanwhile, its camera may move.
        keep: Where records go.
        checkpoints: Where it is kept how a live run stands.
        send_picture: Where crossings' pictures go.

    Attributes:
        figures: What was done so far.
        detector: Finds the objects.
        live: Whether the frames show the present.
    """

    def __init__(
        self,
        task: CameraTask,
        stream: FrameStream,
        run_id: str,
        detector: Detector,
        selection: ClassSelection,
        *,
        view: StillView,
        now: Callable[[], CameraTask],
        keep: Keep,
        checkpoints: Checkpoints,
        send_picture: Send,
    ) -> None:
        info = stream.info
        promised_fps = min(info.fps or 0.0, task.max_fps or inf)
        self.figures = Figures(detector.name, info.width, info.height, promised_fps)
        self.detector = detector
        self.live = stream.info.live
        self._camera_id = task.camera_id
        self._attributes = {"camera_id": task.camera_id}
        self._now = now
        self._keep = keep
        self._checkpoints = checkpoints
        self._activate_time = task.activate_time
        self._stream = stream
        self._health = StreamHealth(view, info.fps if info.live else None)
        self._onlookers: list[asyncio.Future[CountedFrame]] = []
        self._inspector = Inspector(detector, selection, live=self.live)
        self._gating = Gating(self._inspector.detect, detector, task.masks)
        self._engine = CountingEngine(
            lines=task.lines,
            zones=task.zones,
            masks=task.masks,
            calibration=task.calibration,
            frame_size=(stream.info.width, stream.info.height),
            config=sure_from(task.min_score),
        )
        self._pictures = CrossingPictures(task, (info.width, info.height), detector, send_picture)
        self._recorder = Recorder(
            Run(run_id, task.camera_id, task.config_version, detector.name, not self.live),
            task.lines,
            task.zones,
            selection,
            Truth.of(task, live=self.live),
            self._pictures,
        )

    async def resume(self, checkpoint: Checkpoint) -> bool:
        """Go on from where an earlier run of the camera stood; to be asked for before `count`.

        Returns:
            Whether this run knows what that one knew. It does not when the pictures' size is another.

        Raises:
            SpoolFull: The checkpoint's record cannot be kept.
        """
        # Whoever wrote the checkpoint may have been killed before the record was safe.
        await self._keep(checkpoint.record)
        try:
            self._engine.restore(checkpoint.engine)
        except StateRefused as refusal:
            _log.warning("run_begins_afresh", camera_id=self._camera_id, reason=str(refusal))
            return False
        self._stream = ContinuedStream(self._stream, checkpoint.moment, checkpoint.time_s)
        self._recorder.since = checkpoint.moment
        return True

    async def count(self, noted: Callable[[], None]) -> None:
        """Read the stream to its end. A live run whose stream breaks off is left open: see `settle`.

        Args:
            noted: Called after each frame.

        Raises:
            SourceError: The source broke off.
            DetectorUnavailable: The detector has been silent for too long.
            SpoolFull: A record cannot be kept.
        """
        frames = count_frames(self._stream, self._gating.detect, self._engine, self.detector)
        try:
            async with aclosing(frames):
                async for counted in frames:
                    await self._take(counted)
                    noted()
        except (SourceError, DetectorUnavailable):
            # A recording will be read again from its beginning.
            if self.live:
                await self._leave_open()
            raise
        except asyncio.CancelledError:
            if self.live:
                await self.settle()
            raise
        else:
            await self.settle()
        finally:
            self._note_skipped()
            await self._inspector.close()

    async def settle(self) -> None:
        """End the run: nobody is inside a zone that nobody watches.

        `count` does it unless a live stream broke off; then it is for whoever knows that no other run goes on.

        Raises:
            SpoolFull: The run's last record cannot be kept.
        """
        last_s = self._recorder.last_time_s
        if last_s is not None:
            result = self._engine.finish(last_s)
            self._checkpoints.forget(self._camera_id)
            await self._keep(
                self._recorder.finish(result, dropped=self._dropped(), task=self._now())
            )

    async def next_frame(self) -> CountedFrame:
        """The next frame that is counted on; waits for ever if none is."""
        onlooker: asyncio.Future[CountedFrame] = asyncio.get_running_loop().create_future()
        self._onlookers.append(onlooker)
        return await onlooker

    @property
    def totals(self) -> Mapping[str, count_pb2.LineTotal]:
        """What the run counted so far, by line."""
        return self._recorder.totals

    async def _take(self, counted: CountedFrame) -> None:
        figures = self.figures
        _processed.add(1, self._attributes)
        figures.frames_processed += 1
        self._note_skipped()
        figures.last_frame_time = counted.frame.captured_at
        figures.meter.tick()
        if self._health.look(counted.frame):
            figures.conditions = dict(self._health.conditions)
        if self.live:
            _age.record(time.monotonic() - counted.frame.decoded_s, self._attributes)
        self._pictures.look(counted, self._now().privacy)
        record = self._recorder.add(
            counted.frame, counted.result, dropped=figures.frames_dropped, task=self._now()
        )
        if self._onlookers:
            self._show(counted)
        if record is not None:
            await self._record(record)

    async def _leave_open(self) -> None:
        """Nothing is settled yet, since another run may go on from here."""
        record = self._recorder.interrupt(dropped=self._dropped(), task=self._now())
        if record is not None:
            await self._record(record)

    async def _record(self, record: events_pb2.CountsRecorded) -> None:
        """Keep a record, also if the run is ended meanwhile: what it counted is in no other one."""
        keeping = asyncio.ensure_future(self._checkpoint_and_keep(record))
        try:
            await asyncio.shield(keeping)
        except asyncio.CancelledError:
            await asyncio.wait([keeping])
            raise

    async def _checkpoint_and_keep(self, record: events_pb2.CountsRecorded) -> None:
        await self._checkpoint(record)
        await self._keep(record)

    async def _checkpoint(self, record: events_pb2.CountsRecorded) -> None:
        time_s = self._recorder.last_time_s
        if self.live and time_s is not None:
            await self._checkpoints.write(
                Checkpoint(record, self._activate_time, time_s, self._engine.save())
            )

    def _show(self, counted: CountedFrame) -> None:
        onlookers, self._onlookers = self._onlookers, []
        for onlooker in onlookers:
            if not onlooker.done():
                onlooker.set_result(counted)

    def _note_skipped(self) -> None:
        figures, dropped, corrupt = self.figures, self._dropped(), self._stream.corrupt
        _dropped.add(dropped - figures.frames_dropped, self._attributes)
        _corrupt.add(corrupt - figures.frames_corrupt, self._attributes)
        _gated.add(self._gating.gated - figures.frames_gated, self._attributes)
        figures.frames_gated = self._gating.gated
        figures.frames_dropped, figures.frames_corrupt = dropped, corrupt

    def _dropped(self) -> int:
        return self._stream.dropped + self._inspector.left_out
