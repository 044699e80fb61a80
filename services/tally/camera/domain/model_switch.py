"""The exchange of one detector for another in several cameras at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Self

from tally.camera.domain.errors import SwitchNotFound
from tally.kernel.identity import Sites

MAX_CAMERAS = 1000
"""Cameras that one switch changes at most: they are changed in one transaction."""


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
    """

    camera_id: str
    name: str
    site_id: str
    version: int
    outcome: SwitchOutcome = SwitchOutcome.SWITCHED


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
        roll_back_time: When it was last rolled back; None if it never was.
    """

    id: str
    from_detector: str
    to_detector: str
    actor: str
    cameras: tuple[SwitchedCamera, ...]
    create_time: datetime
    roll_back_time: datetime | None = None

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

    def rolled_back(self, cameras: Sequence[SwitchedCamera], at: datetime) -> Self:
        """The switch after what became of some of its cameras."""
        became = {camera.camera_id: camera for camera in cameras}
        after = tuple(became.get(camera.camera_id, camera) for camera in self.cameras)
        return replace(self, cameras=after, roll_back_time=at)
