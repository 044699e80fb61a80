"""Feeds the hub from the stream of counts."""

from dataclasses import dataclass
from typing import Generic

from tally.realtime.application.hub import Hub
from tally.realtime.domain.model import Counts
from tally.realtime.domain.ports import CountsStream


@dataclass(frozen=True, slots=True)
class Feed(Generic[Counts]):
    """Hands every event of the stream to the hub, in order, each once."""

    stream: CountsStream[Counts]
    hub: Hub[Counts]

    async def run(self) -> None:
        """Follow the stream until an error ends it; called again, go on behind the last event.

        Raises:
            Unavailable: The stream cannot be reached.
        """
        extent = await self.stream.extent()
        if not extent.keeps_all_after(self.hub.position):
            self.hub.jump(extent.end)
        async for event in self.stream.follow(self.hub.position.sequence):
            self.hub.publish(event)
