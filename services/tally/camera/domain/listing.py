"""Which cameras a list shows, and in which order."""

from dataclasses import dataclass
from enum import Enum

from tally.camera.domain.model import CameraState, CameraView


class Property(Enum):
    """What a condition looks at."""

    NAME = "name"
    STATE = "state"
    SITE = "site_id"
    AREA = "area_id"
    DETECTOR = "counting.detector"
    STREAM_STATE = "stream_status.state"
    LABEL = "labels"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds for a camera, or does not.

    Attributes:
        of: What it looks at.
        value: What that must be; of a text, what the camera's name or its location's description must contain, in upper
            or lower case. None asks only whether there is such a label.
        label: The label's key.
        negated: Whether it must not hold.
    """

    of: Property
    value: str | None
    label: str = ""
    negated: bool = False

    def holds(self, view: CameraView) -> bool:
        """Whether the camera meets it."""
        return self._matches(view) is not self.negated

    def _matches(self, view: CameraView) -> bool:
        spec = view.camera.spec
        match self.of:
            case Property.NAME:
                return spec.name == self.value
            case Property.STATE:
                return view.camera.state.value == self.value
            case Property.SITE:
                return spec.site_id == self.value
            case Property.AREA:
                return spec.area_id == self.value
            case Property.DETECTOR:
                return spec.counting.detector == self.value
            case Property.STREAM_STATE:
                return view.stream_status is not None and (
                    view.stream_status.state.value == self.value
                )
            case Property.LABEL:
                return self.label in spec.labels and self.value in (None, spec.labels[self.label])
            case Property.TEXT:
                texts = (spec.name, spec.location.description)
                return any((self.value or "").lower() in text.lower() for text in texts)


def in_state(state: CameraState) -> Condition:
    """Holds for cameras in this state."""
    return Condition(Property.STATE, state.value)


def using(detector: str) -> Condition:
    """Holds for cameras that are to use this detector; if empty, for those that leave it to their worker."""
    return Condition(Property.DETECTOR, detector)


class Order(Enum):
    """What a list is sorted by; cameras that are equal in it, by id."""

    NAME = "name"
    CREATE_TIME = "create_time"
    UPDATE_TIME = "update_time"


@dataclass(frozen=True, slots=True)
class CameraQuery:
    """What a list shows.

    Attributes:
        conditions: All of them hold for every camera shown.
        order: What the list is sorted by.
        descending: Whether the last comes first.
    """

    conditions: tuple[Condition, ...] = ()
    order: Order = Order.NAME
    descending: bool = False

    def place(self, view: CameraView) -> tuple[str, str]:
        """Where the camera stands in the list: texts that sort as the list does, ascending."""
        camera = view.camera
        match self.order:
            case Order.NAME:
                return camera.spec.name, camera.id
            case Order.CREATE_TIME:
                return camera.create_time.isoformat(timespec="microseconds"), camera.id
            case Order.UPDATE_TIME:
                return camera.update_time.isoformat(timespec="microseconds"), camera.id
