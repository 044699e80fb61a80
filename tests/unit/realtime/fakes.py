"""A stream of counts in memory."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import count

from tally.realtime.domain.model import Event, Extent, Interest

STREAM = 1


class MemoryStream:
    """A stream of counts in memory."""

    def __init__(self, events: int = 0) -> None:
        self.identity = STREAM
        self.events = [event(number) for number in range(1, events + 1)]
        self.first = 1
        self.grown = asyncio.Condition()

    async def append(self) -> None:
        async with self.grown:
            self.events.append(event(len(self.events) + 1))
            self.grown.notify_all()

    async def extent(self) -> Extent:
        return Extent(self.identity, self.first, len(self.events))

    async def follow(self, after: int) -> AsyncGenerator[Event[int], None]:
        for index in count(after):
            async with self.grown:
                while len(self.events) == index:
                    await self.grown.wait()
            yield self.events[index]

    async def replay(
        self, after: int, until: int, interest: Interest
    ) -> AsyncGenerator[Event[int], None]:
        for each in self.events[after:until]:
            await asyncio.sleep(0)
            if interest.includes(each):
                yield each


def event(number: int) -> Event[int]:
    return Event(number, "ab"[number % 2], ("north", "south", "")[number % 3], number)
