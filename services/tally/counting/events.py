"""What the engine reports."""

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray


class Direction(Enum):
    """Which way a line was crossed; see `Line` for the rule."""

    IN = "in"
    OUT = "out"


class Evidence(Enum):
    """What speaks for a crossing, and what makes it doubtful."""

    SEEN_ON_BOTH_SIDES = "seen on both sides"
    """The object was seen clear of the line's band before and after."""
    BORN_NEAR = "born near the line"
    """It was never seen clear of the band on the side that it came from."""
    ENDED_NEAR = "lost near the line"
    """It was lost before it had left the band."""
    INTERPOLATED = "interpolated"
    """It was out of sight for long when it crossed."""
    STITCHED = "stitched"
    """It was lost before the line, and a new track beyond the line was taken for it."""
    LOW_SCORE = "low score"
    """The detector was not sure of it on one side of the passage."""
    EXTRAPOLATED = "extrapolated"
    """It was seen first behind the line, and was so fast that it must have come across just before."""


class VisitKind(Enum):
    """What a visit to a zone does: it begins, where nobody may be or elsewhere, has lasted for long, or ends."""

    ENTRY = "entry"
    INTRUSION = "intrusion"
    LOITERING = "loitering"
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class Crossing:
    """One object that crossed one line once.

    Attributes:
        line: Name of the line.
        direction: Which way.
        track: Number of the track, unique in the life of the engine.
        ordinal: Which crossing of this line by this track it is, from 0.
        time_s: When, interpolated between the observations before and after.
        class_id: What the track mostly was.
        score: How sure the detector was when it last saw the object, 0 to 1.
        confidence: How likely this crossing happened, 0 to 1; see `confidence`.
        evidence: Why.
        gap_s: Time between the observations before and after the passage.
        previous: The line that the track had crossed last before, of those told by then; None if of none. A crossing
            that settles late, such as one at a line with a U-turn window, may be told after one that happened later.
        speed_mps: Speed in m/s: the mean on the way from the line that this one is paired with if it came
            from there, else that on the calibrated floor; None if neither is known.
    """

    line: str
    direction: Direction
    track: int
    ordinal: int
    time_s: float
    class_id: int
    score: float
    confidence: float = 1.0
    evidence: tuple[Evidence, ...] = ()
    gap_s: float = 0.0
    previous: str | None = None
    speed_mps: float | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One object that entered one zone, has been there for long, or left it; an intrusion is told beside its entry.

    Attributes:
        zone: Name of the zone.
        kind: Which of them.
        track: Number of the track, unique in the life of the engine.
        ordinal: Which visit of this zone by this track it is, from 0.
        time_s: When the object was first seen on this side of the border; of an object that was lost
            inside the zone, when it was last seen; of one that loiters, when it began to count as loitering.
        dwell_s: How long the object was inside, in seconds; only on exits.
        class_id: What the track mostly was.
    """

    zone: str
    kind: VisitKind
    track: int
    ordinal: int
    time_s: float
    dwell_s: float | None
    class_id: int


@dataclass(frozen=True, slots=True)
class Tracks:
    """The believed tracks that were seen in a frame.

    Attributes:
        ids: int64 (n,): number of each track, ascending from 0 in the life of the engine.
        boxes: float32 (n, 4): left, top, right, bottom, relative to the frame.
        classes: int32 (n,): what each track mostly was.
        scores: float32 (n,): score of the detection in this frame.
    """

    ids: NDArray[np.int64]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int32]
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heat:
    """How long tracks were where; see `heat`.

    Attributes:
        cells: int64 (k,): cells of the grid, ascending: row times columns, plus column.
        milliseconds: int64 (k,): how long foot points were in each, at least 1.
    """

    cells: NDArray[np.int64]
    milliseconds: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FrameResult:
    """What one frame added.

    Attributes:
        tracks: The tracks that were seen in the frame.
        crossings: Crossings that became certain with this frame, by time.
        visits: Entries, exits and loitering that became certain with this frame, by time.
        occupancy: For each zone, how many tracks are inside now. Tracks that are out of sight count
            until they are found again or end.
        waits_s: For each zone that is a queue, how long whoever joins it now will wait, in seconds; a queue that nobody
            has left lately is missing.
        heat: Where tracks were in the minute before, with the first frame of another and at the end; None otherwise.
    """

    tracks: Tracks
    crossings: tuple[Crossing, ...] = ()
    visits: tuple[Visit, ...] = ()
    occupancy: dict[str, int] = field(default_factory=dict)
    waits_s: dict[str, float] = field(default_factory=dict)
    heat: Heat | None = None
