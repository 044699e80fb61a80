"""The exchange of one detector for another in several cameras at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Self

from tally.camera.domain.errors import SwitchNotFound
from tally.kernel.identity import Sites

MAX_CAMERAS = 1000
"""Cameras that one switch changes at most: they are changed in one transaction."""
WATCHED_FOR = timedelta(minutes=2)
"""Time that a camera has to count with its new detector, a worker's loading of it included."""
WATCH = "watch-switch"
"""The kind of sagas that watch switches."""


class SwitchOutcome(Enum):
    """What became of a camera that a switch changed."""

    SWITCHED = "switched"
    ROLLED_BACK = "rolled_back"
    CHANGED_SINCE = "changed_since"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class SwitchedCamera:
    """A camera that a switch changed.

    Attributes:
        camera_id: The camera.
        name: What it was called then.
        site_id: The site where it was then; empty if at none.
        version: The version that the switch, or rolling it back, made.
        outcome: What became of it.
        watched: Whether it is put back by itself unless it counts in time.
        failure: Why it was put back by itself; empty if it was not.
    """

    camera_id: str
    name: str
    site_id: str
    version: int
    outcome: SwitchOutcome = SwitchOutcome.SWITCHED
    watched: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSwitch:
    """A switch. Every change returns the changed switch.

    Attributes:
        id: Its identifier.
        from_detector: What the cameras used before; empty: what their worker chose.
        to_detector: What they were to use from then on.
        actor: Who asked for it.
        cameras: Those that it changed, in order of name.
        create_time: When it was done.
        roll_back_time: When it was last rolled back by somebody; None if it never was.
        watch_end_time: When those that do not count are put back by themselves; None if they are not.
    """

    id: str
    from_detector: str
    to_detector: str
    actor: str
    cameras: tuple[SwitchedCamera, ...]
    create_time: datetime
    roll_back_time: datetime | None = None
    watch_end_time: datetime | None = None

    @property
    def watched(self) -> Sequence[SwitchedCamera]:
        """The cameras that have yet to count."""
        switched = SwitchOutcome.SWITCHED
        return [camera for camera in self.cameras if camera.watched and camera.outcome is switched]

    @property
    def put_back(self) -> Sequence[SwitchedCamera]:
        """The cameras that were put back by themselves."""
        return [camera for camera in self.cameras if camera.failure]

    def seen_at(self, sites: Sites) -> Self:
        """What callers see of it who may see these sites only.

        Raises:
            SwitchNotFound: Nothing: none of its cameras was at one of them.
        """
        if sites is None:
            return self
        seen = tuple(camera for camera in self.cameras if camera.site_id in sites)
        if not seen:
            raise SwitchNotFound(self.id)
        return replace(self, cameras=seen)

    def became(self, cameras: Iterable[SwitchedCamera]) -> Self:
        """The switch after what became of some of its cameras."""
        became = {camera.camera_id: camera for camera in cameras}
        return replace(
            self, cameras=tuple(became.get(camera.camera_id, camera) for camera in self.cameras)
        )

    def rolled_back(self, at: datetime) -> Self:
        """The switch after somebody had its cameras put back."""
        return replace(self, roll_back_time=at)
