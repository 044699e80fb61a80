"""Sums up what the engine reports into records, about one for each second of video."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.counting.v1 import count_pb2, events_pb2
from tally.counting import (
    Crossing,
    Direction,
    Evidence,
    FrameResult,
    Line,
    Visit,
    VisitKind,
    Zone,
)
from tally.kernel.ids import derived_id
from tally.worker.agent.crossing_pictures import CrossingPictures
from tally.worker.agent.selection import ClassSelection
from tally.worker.agent.sources import Frame
from tally.worker.agent.task import CameraTask
from tally.worker.agent.truth import Truth

SPAN_S = 1.0
PROMPT_SPAN_S = 0.25
"""A record with a crossing in it need not wait any longer than this."""

_DIRECTIONS = {Direction.IN: count_pb2.DIRECTION_IN, Direction.OUT: count_pb2.DIRECTION_OUT}
_EVIDENCE = {
    Evidence.SEEN_ON_BOTH_SIDES: count_pb2.EVIDENCE_SEEN_ON_BOTH_SIDES,
    Evidence.BORN_NEAR: count_pb2.EVIDENCE_BORN_NEAR,
    Evidence.ENDED_NEAR: count_pb2.EVIDENCE_ENDED_NEAR,
    Evidence.INTERPOLATED: count_pb2.EVIDENCE_INTERPOLATED,
    Evidence.STITCHED: count_pb2.EVIDENCE_STITCHED,
    Evidence.LOW_SCORE: count_pb2.EVIDENCE_LOW_SCORE,
    Evidence.EXTRAPOLATED: count_pb2.EVIDENCE_EXTRAPOLATED,
}
_VISIT_KINDS = {
    VisitKind.ENTRY: count_pb2.VISIT_KIND_ENTRY,
    VisitKind.INTRUSION: count_pb2.VISIT_KIND_INTRUSION,
    VisitKind.LOITERING: count_pb2.VISIT_KIND_LOITERING,
    VisitKind.EXIT: count_pb2.VISIT_KIND_EXIT,
}


@dataclass(frozen=True, slots=True)
class Run:
    """One unbroken reading of a camera's stream.

    Attributes:
        id: The run.
        camera_id: The camera.
        config_version: Version of the configuration that is counted with.
        detector: The detector that is used.
        recording: Whether the stream is a recording.
    """

    id: str
    camera_id: str
    config_version: int
    detector: str
    recording: bool


class Recorder:
    """Makes the records of one run.

    Which frames go into which record depends on the frames' times and results alone: a recording that is
    read again makes the same records.

    Args:
        run: What the records belong to.
        lines: All lines that are counted at.
        zones: All zones that are counted in.
        selection: Knows the classes' names.
        truth: The truth about the scene, where it is known.
        pictures: Takes a picture of each crossing.

    Attributes:
        since: From when on what happens is in this run, if that was before its first frame.
    """

    def __init__(
        self,
        run: Run,
        lines: Sequence[Line],
        zones: Sequence[Zone],
        selection: ClassSelection,
        truth: Truth | None,
        pictures: CrossingPictures,
    ) -> None:
        self._run = run
        self._selection = selection
        self._truth = truth
        self._pictures = pictures
        self.since: datetime | None = None
        self._totals = {line.name: count_pb2.LineTotal(line=line.name) for line in lines}
        self._occupancy = {zone.name: 0 for zone in zones}
        self._peaks = dict(self._occupancy)
        self._waits_s: dict[str, float] = {}
        self._sequence = 0
        self._dropped_before = 0
        self._crossings: list[count_pb2.Crossing] = []
        self._visits: list[count_pb2.Visit] = []
        self._heat: Counter[int] = Counter()
        self._frames = 0
        self._started_at: datetime | None = None
        self._first: Frame | None = None
        self._last: Frame | None = None

    def add(
        self, frame: Frame, result: FrameResult, *, dropped: int, task: CameraTask
    ) -> events_pb2.CountsRecorded | None:
        """Take in a frame; returns a record if one is complete.

        Args:
            frame: The frame.
            result: What the engine said of it.
            dropped: Frames of the run that were skipped so far.
            task: Under which the camera is held now.
        """
        if self._started_at is None:
            self._started_at = frame.captured_at - timedelta(seconds=frame.time_s)
            if self._truth is not None:
                self._truth.begin(self.since or frame.captured_at)
        self._first = self._first or frame
        self._last = frame
        self._frames += 1
        self._take(result)
        length = frame.time_s - self._first.time_s
        if length >= SPAN_S or (self._crossings and length >= PROMPT_SPAN_S):
            return self._close(self._first, frame, dropped=dropped, task=task)
        return None

    @property
    def totals(self) -> Mapping[str, count_pb2.LineTotal]:
        """What the run counted so far, by line."""
        return self._totals

    @property
    def last_time_s(self) -> float | None:
        """Time of the last frame since the stream's start; None while there is none."""
        return self._last.time_s if self._last else None

    def interrupt(self, *, dropped: int, task: CameraTask) -> events_pb2.CountsRecorded | None:
        """Returns the record of what was taken in since the last one; None if nothing was."""
        if self._first is None or self._last is None:
            return None
        return self._close(self._first, self._last, dropped=dropped, task=task)

    def finish(
        self, result: FrameResult, *, dropped: int, task: CameraTask
    ) -> events_pb2.CountsRecorded:
        """Take in what the engine settled after the last frame; returns the run's last record.

        Raises:
            ValueError: There was no frame.
        """
        if self._last is None:
            raise ValueError("a run without a frame has no record")
        self._take(result)
        return self._close(self._first or self._last, self._last, dropped=dropped, task=task)

    def _take(self, result: FrameResult) -> None:
        for crossing in result.crossings:
            total = self._totals[crossing.line]
            if crossing.direction is Direction.IN:
                total.in_count += 1
            else:
                total.out_count += 1
            message = self._crossing(crossing)
            self._pictures.take(crossing, message)
            self._crossings.append(message)
        self._visits += [self._visit(visit) for visit in result.visits]
        if result.heat is not None:
            cells, milliseconds = result.heat.cells.tolist(), result.heat.milliseconds.tolist()
            self._heat.update(dict(zip(cells, milliseconds, strict=True)))
        self._occupancy.update(result.occupancy)
        self._waits_s = result.waits_s
        for zone, count in self._occupancy.items():
            self._peaks[zone] = max(self._peaks[zone], count)

    def _close(
        self, first: Frame, last: Frame, *, dropped: int, task: CameraTask
    ) -> events_pb2.CountsRecorded:
        record = events_pb2.CountsRecorded(
            camera_id=self._run.camera_id,
            run_id=self._run.id,
            sequence=self._sequence,
            epoch=task.epoch,
            config_version=self._run.config_version,
            start_time=_timestamp(first.captured_at),
            end_time=_timestamp(last.captured_at),
            frames_processed=self._frames,
            frames_dropped=dropped - self._dropped_before,
            crossings=self._crossings,
            visits=self._visits,
            occupancies=[
                count_pb2.ZoneOccupancy(
                    zone=zone,
                    count=count,
                    peak=self._peaks[zone],
                    wait=_duration(self._waits_s[zone]) if zone in self._waits_s else None,
                )
                for zone, count in self._occupancy.items()
            ],
            totals=self._totals.values(),
            detector=self._run.detector,
            site_id=task.site_id,
            recording=self._run.recording,
        )
        if self._heat:
            cells = sorted(self._heat)
            record.heat.cells.extend(cells)
            record.heat.milliseconds.extend(self._heat[cell] for cell in cells)
            self._heat.clear()
        if self._truth is not None:
            record.reference_totals.extend(self._truth.totals(last.captured_at))
            record.reference_occupancies.extend(self._truth.occupancies(last.captured_at))
        self._sequence += 1
        self._dropped_before = dropped
        self._crossings, self._visits, self._frames, self._first = [], [], 0, None
        self._peaks = dict(self._occupancy)
        return record

    def _crossing(self, crossing: Crossing) -> count_pb2.Crossing:
        return count_pb2.Crossing(
            id=derived_id(
                self._run.camera_id, self._run.id, crossing.track, crossing.line, crossing.ordinal
            ),
            line=crossing.line,
            direction=_DIRECTIONS[crossing.direction],
            time=self._time(crossing.time_s),
            track=crossing.track,
            ordinal=crossing.ordinal,
            object_class=self._selection.name(crossing.class_id),
            score=crossing.score,
            confidence=crossing.confidence,
            evidence=[_EVIDENCE[each] for each in crossing.evidence],
            gap=_duration(crossing.gap_s),
            previous_line=crossing.previous or "",
            speed_mps=crossing.speed_mps,
        )

    def _visit(self, visit: Visit) -> count_pb2.Visit:
        kind = _VISIT_KINDS[visit.kind]
        message = count_pb2.Visit(
            id=derived_id(
                self._run.camera_id, self._run.id, visit.track, visit.zone, visit.ordinal, kind
            ),
            zone=visit.zone,
            kind=kind,
            time=self._time(visit.time_s),
            track=visit.track,
            ordinal=visit.ordinal,
            object_class=self._selection.name(visit.class_id),
        )
        if visit.dwell_s is not None:
            message.dwell.CopyFrom(_duration(visit.dwell_s))
        return message

    def _time(self, time_s: float) -> Timestamp:
        assert self._started_at is not None  # noqa: S101 - results follow frames
        return _timestamp(self._started_at + timedelta(seconds=time_s))


def _timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=seconds))
    return duration
