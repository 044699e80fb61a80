"""Feeds the hub from the stream of counts."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic

import structlog

from tally.kernel.errors import Unavailable
from tally.kernel.process import end
from tally.realtime.application.hub import Hub
from tally.realtime.domain.model import Counts
from tally.realtime.domain.ports import CountsStream

CHECK_EVERY_S = 15.0
"""How often to make sure that the stream is still the one that is followed."""
RETRY_AFTER_S = 1.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Feed(Generic[Counts]):
    """Hands every event of the stream to the hub, in order, each once.

    Where events were lost before they could be handed over, present subscribers are sent away: they learn
    from their resume token what can be had again.
    """

    stream: CountsStream[Counts]
    hub: Hub[Counts]

    async def run(self) -> None:
        """Feed the hub until cancelled."""
        while True:
            try:
                await self._follow()
            except Unavailable as error:
                _log.warning("feed_interrupted", error=str(error))
                await asyncio.sleep(RETRY_AFTER_S)

    async def _follow(self) -> None:
        """Hand events over for a while, from where the hub stands."""
        await self._jump_if_lost()
        following = asyncio.create_task(self._hand_over())
        try:
            await asyncio.wait([following], timeout=CHECK_EVERY_S)
        finally:
            await end(following)
        if not following.cancelled():
            following.result()

    async def _hand_over(self) -> None:
        async with aclosing(self.stream.follow(self.hub.position.sequence)) as events:
            async for event in events:
                gap = event.sequence > self.hub.position.sequence + 1
                if gap and await self._jump_if_lost():
                    return
                self.hub.publish(event)

    async def _jump_if_lost(self) -> bool:
        extent = await self.stream.extent()
        if extent.holds_all_after(self.hub.position):
            return False
        _log.warning("feed_lost_events", position=str(self.hub.position), stream=str(extent))
        self.hub.jump(extent.end)
        return True
