"""What a worker is told to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tally.counting import Calibration, Line, Mask, Zone
from tally.worker.agent.privacy import NOTHING_HIDDEN, Privacy
from tally.worker.agent.schedule import Schedule
from tally.worker.agent.sources import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraTask:
    """One camera to count, as the pool assigned it.

    Attributes:
        camera_id: The camera.
        name: What people call it.
        epoch: Of the assignment; stamped on every record.
        site_id: Where the camera is, stamped on every record; empty if at no site.
        config_version: Of the configuration; stamped on every record.
        uri: Where the pictures come from.
        sealed_credentials: What the camera asks for, encrypted; empty if nothing is known.
        pace: How fast a recording is read.
        lines: What to count at.
        zones: What to count in.
        masks: Where nothing counts.
        calibration: Where on the floor things are; None if nobody measured it.
        detector: Which detector to use; empty for the best one.
        classes: What to count; empty for people, where the detector knows people.
        max_fps: The most frames that are looked at each second; 0 for every one.
        min_score: How sure the detector must be before an object counts; 0 for what the engine takes by itself.
        picture_retention: How long a picture of each crossing is kept; zero takes none.
        schedule: In which hours the camera counts, unless it is a recording; None for always.
        privacy: What is not to be seen in its pictures.
        activate_time: When the camera was activated; a recording's frames are dated from here.
    """

    camera_id: str
    name: str
    epoch: int
    config_version: int
    uri: str
    pace: Pace
    lines: tuple[Line, ...]
    zones: tuple[Zone, ...]
    detector: str
    classes: tuple[str, ...]
    activate_time: datetime
    masks: tuple[Mask, ...] = ()
    calibration: Calibration | None = None
    max_fps: float = 0.0
    min_score: float = 0.0
    picture_retention: timedelta = timedelta()
    schedule: Schedule | None = None
    privacy: Privacy = NOTHING_HIDDEN
    sealed_credentials: bytes = b""
    site_id: str = ""

    def counts_the_same(self, other: "CameraTask") -> bool:
        """Whether a run for the one can go on for the other; name, epoch, site, encryption may differ."""
        return (self.config_version, self.activate_time) == (
            other.config_version,
            other.activate_time,
        )
