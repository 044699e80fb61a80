"""What the use cases need of the world."""

from collections.abc import AsyncGenerator
from typing import Protocol

from tally.realtime.domain.model import Counts, Event, Extent, Interest


class CountsStream(Protocol[Counts]):
    """The stream of everything that is counted.

    Every method raises Unavailable while the stream cannot be reached.
    """

    async def extent(self) -> Extent:
        """What the stream holds now."""

    def follow(self, after: int) -> AsyncGenerator[Event[Counts], None]:
        """Every event with a number above `after`, those to come included; ends by an error only."""

    def replay(
        self, after: int, until: int, interest: Interest
    ) -> AsyncGenerator[Event[Counts], None]:
        """The events with numbers above `after`, up to and including `until`.

        Args:
            after: Number of the last event that is left out.
            until: Number of the last event that is wanted; it is in the stream already.
            interest: Which of them are wanted.
        """
