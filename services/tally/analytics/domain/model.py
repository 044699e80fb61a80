"""Records of counts as workers report them, and the sums over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import NamedTuple


class Direction(StrEnum):
    """Which way a line was crossed."""

    IN = "in"
    OUT = "out"


class Evidence(StrEnum):
    """What speaks for a crossing, and what makes it doubtful; as the contract says."""

    SEEN_ON_BOTH_SIDES = "seen_on_both_sides"
    BORN_NEAR = "born_near"
    ENDED_NEAR = "ended_near"
    INTERPOLATED = "interpolated"
    STITCHED = "stitched"
    LOW_SCORE = "low_score"
    EXTRAPOLATED = "extrapolated"


class VisitKind(StrEnum):
    """What a visit to a zone does."""

    ENTRY = "entry"
    EXIT = "exit"
    LOITERING = "loitering"
    INTRUSION = "intrusion"


class Crossing(NamedTuple):
    """One object that crossed one line once.

    Attributes:
        id: Derived from camera, run, track, line and ordinal: the same crossing always has the same id.
        line: Name of the line.
        direction: Which way.
        time: When, interpolated between frames.
        track: The track that crossed, unique within the run.
        ordinal: Which crossing of this line by this track it is, from 0.
        object_class: The class of the object, such as `person`.
        score: How sure the detector was of the object, 0 to 1.
        confidence: How likely the crossing happened, 0 to 1; 0 where the worker did not say.
        evidence: Why.
        gap: Time between the sightings before and after the line.
        previous_line: The line that the track had crossed last before; empty if it had crossed none.
        speed_mps: Speed in m/s, from the line that this one is paired with or on the calibrated floor; None if unknown.
        picture_expire_time: Until when its picture is kept; None if none was taken.
    """

    id: str
    line: str
    direction: Direction
    time: datetime
    track: int
    ordinal: int
    object_class: str
    score: float
    confidence: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    gap: timedelta = timedelta()
    previous_line: str = ""
    speed_mps: float | None = None
    picture_expire_time: datetime | None = None


class Visit(NamedTuple):
    """One object that entered one zone, has been there for long, or left it.

    Attributes:
        id: Derived from camera, run, track, zone, ordinal and kind.
        zone: Name of the zone.
        kind: Which of them; an intrusion stands beside its entry.
        time: When.
        track: The track, unique within the run.
        ordinal: Which visit of this zone by this track it is, from 0.
        object_class: The class of the object.
        dwell: How long the object was inside; on exits only.
    """

    id: str
    zone: str
    kind: VisitKind
    time: datetime
    track: int
    ordinal: int
    object_class: str
    dwell: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsRecord:
    """What one camera's worker saw in one span of time.

    Attributes:
        camera_id: The camera.
        run_id: One unbroken reading of the camera's stream.
        sequence: Position of this record in its run, from 0. Camera, run and sequence identify a record.
        epoch: The lease under which the worker held the camera; a later holder has a higher one.
        recording: Whether it was of a recording, of which every holder sees the same.
        config_version: Version of the camera's configuration that made these counts.
        detector: The detector that was used.
        start: Capture time of the first frame.
        end: Capture time of the last frame.
        frames_processed: Frames that were counted on.
        frames_dropped: Frames that were skipped because newer ones were there.
        lines: Names of all lines that were watched, crossed or not.
        peaks: The most objects that were inside at once, for every zone that was watched.
        crossings: Crossings that were settled in the span.
        visits: Zone entries and exits that were settled in the span.
        heat: Milliseconds that objects were in each cell of the picture's grid, by the cell.
    """

    camera_id: str
    run_id: str
    sequence: int
    epoch: int
    recording: bool
    config_version: int
    detector: str
    start: datetime
    end: datetime
    frames_processed: int
    frames_dropped: int
    lines: tuple[str, ...]
    peaks: dict[str, int]
    crossings: tuple[Crossing, ...]
    visits: tuple[Visit, ...]
    heat: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a batch changed.

    Attributes:
        records: New records.
        crossings: New crossings.
        visits: New visits.
        refused: Records that were not stored, because a later holder of their camera had begun.
        withdrawn: Records that were stored before, and are no more, because one turned out to have begun.
    """

    records: int
    crossings: int
    visits: int
    refused: int = 0
    withdrawn: int = 0


class Granularity(Enum):
    """How finely counts are summed."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class LineCount:
    """Crossings of one line of one camera from `start` until before `end` in `time_zone`, `observed` of it watched.

    Attributes:
        camera_id: The camera.
        line: Name of the line.
        start: Where the span begins.
        end: Where it ends; not itself part of it.
        in_count: Crossings inwards.
        out_count: Crossings outwards.
        in_doubt: How many of those inwards are expected to be false.
        out_doubt: The same of those outwards.
        observed: How much of the span was watched.
        time_zone: Whose clocks cut the spans.
    """

    camera_id: str
    line: str
    start: datetime
    end: datetime
    in_count: int
    out_count: int
    in_doubt: float
    out_doubt: float
    observed: timedelta
    time_zone: str


@dataclass(frozen=True, slots=True)
class ZoneCount:
    """Visits to one zone of one camera from `start` until before `end`, `observed` of it watched.

    Attributes:
        camera_id: The camera.
        zone: Name of the zone.
        start: Where the span begins.
        end: Where it ends; not itself part of it.
        entries: Objects that came in.
        exits: Objects that left.
        peak_occupancy: The most that were inside at once.
        mean_dwell: Mean length of the visits that ended in the span; None when none did.
        observed: How much of the span was watched.
        time_zone: Whose clocks cut the spans.
    """

    camera_id: str
    zone: str
    start: datetime
    end: datetime
    entries: int
    exits: int
    peak_occupancy: int
    mean_dwell: timedelta | None
    observed: timedelta
    time_zone: str


@dataclass(frozen=True, slots=True)
class Flow:
    """How many crossings of `line` were by tracks that had crossed `previous_line` last; empty: none before."""

    previous_line: str
    line: str
    count: int


@dataclass(frozen=True, slots=True)
class StoredCrossing:
    """A crossing with where it was seen and by what."""

    camera_id: str
    run_id: str
    crossing: Crossing
    config_version: int
    detector: str


@dataclass(frozen=True, slots=True)
class StoredVisit:
    """A visit with where it was seen and by what."""

    camera_id: str
    run_id: str
    visit: Visit
    config_version: int
    detector: str


DWELL_BUCKETS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 10, 30, 60, 120, 300, 600, 1800, 3600)
)
"""The longest stays of all buckets but the last, which has no end."""


@dataclass(frozen=True, slots=True)
class Dwells:
    """How long those stayed in a zone who left it.

    Attributes:
        zone: Name of the zone.
        visits: How many left.
        mean: The mean of their stays.
        median: Half of them stayed no longer.
        percentile_90: Nine in ten of them stayed no longer.
        buckets: How many stayed for up to each of `DWELL_BUCKETS`, but longer than the one before; last, longer still.
    """

    zone: str
    visits: int
    mean: timedelta
    median: timedelta
    percentile_90: timedelta
    buckets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CameraPlaced:
    """A camera is at a site.

    Attributes:
        camera_id: The camera.
        site_id: The site; empty if it is at none.
        version: The camera's version with this; higher ones are newer.
    """

    camera_id: str
    site_id: str
    version: int


@dataclass(frozen=True, slots=True)
class SiteClock:
    """Which time a site's clocks show.

    Attributes:
        site_id: The site.
        time_zone: Its name in the IANA database.
        version: The site's version with this; higher ones are newer.
    """

    site_id: str
    time_zone: str
    version: int
