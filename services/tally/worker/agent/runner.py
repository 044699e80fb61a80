"""Counts one camera for as long as it is assigned, however often its stream breaks off."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from tally.kernel.backoff import Backoff
from tally.kernel.clock import utc_now
from tally.kernel.errors import DomainError
from tally.worker.agent.checkpoints import Checkpoints, known_at
from tally.worker.agent.crossing_pictures import Send
from tally.worker.agent.detector import Detector, DetectorUnavailable
from tally.worker.agent.reader import FrameStream
from tally.worker.agent.reading import Keep, Reading
from tally.worker.agent.runs import EndedRecordings, run_id
from tally.worker.agent.schedule import Schedule
from tally.worker.agent.selection import ClassSelection
from tally.worker.agent.sources import SourceError
from tally.worker.agent.spool import SpoolFull
from tally.worker.agent.status import Figures, StreamState, StreamStatus
from tally.worker.agent.task import CameraTask
from tally.worker.agent.view import StillView

_LOOK_AGAIN = timedelta(seconds=10)
"""Clocks may be set while a camera waits for its hours, or for their end."""

_log = structlog.get_logger(__name__)


class DetectorPool(Protocol):
    """The detectors that are installed."""

    async def get(self, name: str) -> Detector:
        """The detector of this name."""

    async def best(self) -> Detector:
        """The detector for cameras that name none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all cameras of a worker share.

    Attributes:
        detectors: Who finds objects.
        keep: Where records go.
        ended: Remembers the recordings that are done.
        checkpoints: Remembers how the runs of live cameras stand.
        send_picture: Where crossings' pictures go.
        open: Opens the stream that a task names.
        changed: Called when a camera's state is another, and when one runs no more.
    """

    detectors: DetectorPool
    keep: Keep
    ended: EndedRecordings
    checkpoints: Checkpoints
    send_picture: Send
    open: Callable[[CameraTask], Awaitable[FrameStream]]
    changed: Callable[[], None]


class CameraRunner:
    """Reads one camera's stream, counts, and begins again when something fails.

    Args:
        task: What to count.
        surroundings: Who helps.

    Attributes:
        reading: The present run; None while there is none.
        task: What is counted. Its name, epoch and site, and how its credentials are encrypted, may change while it is.
    """

    def __init__(self, task: CameraTask, surroundings: Surroundings) -> None:
        self.task = task
        self.reading: Reading | None = None
        self._around = surroundings
        self._state = StreamState.CONNECTING
        self._since = utc_now()
        self._reason = ""
        self._figures = Figures()
        self._opened = 0
        self._view = StillView()
        self._conditions = self._figures.conditions
        self._backoff = Backoff()
        self._open: Reading | None = None
        self._work: asyncio.Task[None] | None = None
        self._log = _log.bind(camera=task.name, camera_id=task.camera_id)

    @property
    def status(self) -> StreamStatus:
        """How the stream does."""
        reconnects = max(self._opened - 1, 0)
        return StreamStatus(self._state, self._reason, self._since, reconnects, self._figures)

    def start(self) -> None:
        """Count in the background."""
        self._work = asyncio.create_task(self._keep_counting(), name=f"camera {self.task.name}")

    async def stop(self) -> None:
        """End the run; a live one keeps what is settled."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def _keep_counting(self) -> None:
        try:
            while True:
                await self._rest()
                try:
                    over = await self._count()
                except (SourceError, DomainError, SpoolFull, OSError) as error:
                    self._enter(StreamState.UNREACHABLE, str(error))
                except Exception as error:
                    self._log.exception("run_failed")
                    self._enter(StreamState.UNREACHABLE, f"the worker failed: {error}")
                else:
                    if over:
                        self._enter(StreamState.ENDED)
                        return
                    continue
                await self._pause()
        finally:
            await self._settle()

    async def _rest(self) -> None:
        """Wait for the camera's hours; a recording has none."""
        schedule = self.task.schedule
        if schedule is None or urlsplit(self.task.uri).scheme == "file":
            return
        if schedule.counts_at(now := utc_now()):
            return
        await self._settle()
        begins = schedule.change_after(now)
        when = f"begin on {begins.astimezone(schedule.zone):%A at %H:%M}" if begins else "are over"
        self._enter(StreamState.RESTING, f"its hours {when} ({schedule.zone.key})")
        await _until_otherwise(schedule, counts=False)

    @asynccontextmanager
    async def _hours(self, *, live: bool) -> AsyncIterator[asyncio.Timeout]:
        """Ends what runs within, by a TimeoutError, when the camera's hours do; a recording has none."""
        schedule = self.task.schedule if live else None
        async with asyncio.timeout(None) as hours:
            ending = asyncio.create_task(_end(hours, schedule)) if schedule else None
            try:
                yield hours
            finally:
                if ending is not None:
                    ending.cancel()

    async def _pause(self) -> None:
        pause_s = self._backoff.next_s()
        seen = self._open and self._open.figures.last_frame_time
        if seen and not known_at(utc_now() + timedelta(seconds=pause_s), seen):
            await self._settle()
        await asyncio.sleep(pause_s)

    async def _settle(self) -> None:
        """End the run that a break of the stream left open, since none goes on from it."""
        reading, self._open = self._open, None
        if reading is not None:
            try:
                await reading.settle()
            except (SpoolFull, OSError) as error:
                self._enter(StreamState.UNREACHABLE, str(error))

    async def _count(self) -> bool:
        """Read the stream once, to its end or that of the camera's hours; tells whether it was the stream's."""
        task, around = self.task, self._around
        detectors = around.detectors
        detector = await (detectors.get(task.detector) if task.detector else detectors.best())
        selection = ClassSelection(detector, task.classes)
        stream = await around.open(task)
        self._opened += 1
        try:
            run = run_id(task, live=stream.info.live)
            if around.ended.includes(task.camera_id, run):
                return True
            last = around.checkpoints.read(task.camera_id) if stream.info.live else None
            reading = Reading(
                task, stream, run, detector, selection, view=self._view,
                now=lambda: self.task, keep=around.keep, checkpoints=around.checkpoints,
                send_picture=around.send_picture,
            )  # fmt: skip
            if not (
                last and last.serves(task, detector.name, utc_now()) and await reading.resume(last)
            ):
                await self._settle()
            self.reading, self._figures = reading, reading.figures
            self._conditions = reading.figures.conditions
            hours: asyncio.Timeout | None = None
            try:
                async with self._hours(live=stream.info.live) as hours:
                    await reading.count(self._streaming)
            except TimeoutError:
                if hours and hours.expired():
                    return False
                raise
            except (SourceError, DetectorUnavailable):
                if reading.live and reading.figures.frames_processed:
                    self._open = reading
                raise
            if not stream.info.live:
                around.ended.add(task.camera_id, run)
            return True
        finally:
            self.reading = None
            self._figures.conditions = {}
            await stream.stop()

    def _streaming(self) -> None:
        self._open = None
        if (conditions := self._figures.conditions) is not self._conditions:
            self._conditions = conditions
            self._log.info("pictures", conditions=[each.value for each in conditions])
            self._around.changed()
        if self._state is not StreamState.STREAMING:
            self._backoff.reset()
            self._enter(StreamState.STREAMING)

    def _enter(self, state: StreamState, reason: str = "") -> None:
        if (state, reason) == (self._state, self._reason):
            return
        if state is not self._state:
            self._since = utc_now()
        self._state, self._reason = state, reason
        self._log.info("stream", state=state.value, reason=reason)
        self._around.changed()


async def _end(hours: asyncio.Timeout, schedule: Schedule) -> None:
    await _until_otherwise(schedule, counts=True)
    hours.reschedule(asyncio.get_running_loop().time())


async def _until_otherwise(schedule: Schedule, *, counts: bool) -> None:
    """Wait until a camera counts no more, or again."""
    while schedule.counts_at(now := utc_now()) is counts:
        minute_over = timedelta(seconds=60 - now.second, microseconds=-now.microsecond)
        await asyncio.sleep(min(minute_over, _LOOK_AGAIN).total_seconds())
