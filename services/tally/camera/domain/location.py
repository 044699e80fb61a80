"""Where a camera hangs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A place on earth (WGS 84), in degrees north and east."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Location:
    """A camera's place.

    Attributes:
        description: Where people find it; empty if nobody said.
        point: Where that is on a map; None if nobody said.
    """

    description: str = ""
    point: GeoPoint | None = None


NOWHERE = Location()
