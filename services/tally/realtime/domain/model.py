"""Events in the stream of counts, and positions between them."""

import binascii
import struct
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from tally.kernel.identity import Sites
from tally.realtime.domain.errors import ResumeTokenInvalid

Counts = TypeVar("Counts")

_TOKEN = struct.Struct(">BQQ")
_TOKEN_VERSION = 1


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in one stream of counts.

    Attributes:
        stream: Tells streams apart: one that was made anew numbers its events from the start again.
        sequence: Number of the last event before the place; 0 before the first.
    """

    stream: int
    sequence: int

    @classmethod
    def from_token(cls, token: str) -> Self:
        """The position inside a resume token.

        Raises:
            ResumeTokenInvalid: `token` never made one.
        """
        try:
            version, stream, sequence = _TOKEN.unpack(
                b64decode(token, altchars=b"-_", validate=True)
            )
        except (binascii.Error, ValueError, struct.error):
            raise ResumeTokenInvalid from None
        if version != _TOKEN_VERSION:
            raise ResumeTokenInvalid
        return cls(stream, sequence)

    @property
    def token(self) -> str:
        """The position as an opaque resume token."""
        return urlsafe_b64encode(_TOKEN.pack(_TOKEN_VERSION, self.stream, self.sequence)).decode()


@dataclass(frozen=True, slots=True)
class Event(Generic[Counts]):
    """What one camera counted.

    Attributes:
        sequence: The event's number in the stream; later ones have higher numbers, not always the next.
        camera_id: The camera.
        site_id: Where it was; empty if at no site.
        counts: What it counted.
    """

    sequence: int
    camera_id: str
    site_id: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Interest:
    """What a subscriber is told of.

    Attributes:
        camera_ids: The cameras; empty means all.
        sites: Where they are when they count.
    """

    camera_ids: frozenset[str] = frozenset()
    sites: Sites = None

    def includes(self, event: "Event[Any]") -> bool:
        """Whether the subscriber is told of this event."""
        if self.sites is not None and event.site_id not in self.sites:
            return False
        return not self.camera_ids or event.camera_id in self.camera_ids


@dataclass(frozen=True, slots=True)
class Extent:
    """What the stream holds.

    Attributes:
        stream: As in `Position`.
        first: Number of the oldest event that is kept.
        last: Number of the newest event.
    """

    stream: int
    first: int
    last: int

    @property
    def end(self) -> Position:
        """Behind the newest event."""
        return Position(self.stream, self.last)

    def holds_all_after(self, position: Position) -> bool:
        """Whether `position` is in this stream and everything that followed it is still there."""
        return (
            position.stream == self.stream
            and self.first <= position.sequence + 1
            and position.sequence <= self.last
        )
