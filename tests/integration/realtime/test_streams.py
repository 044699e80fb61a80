"""The stream in memory and the one of JetStream keep the same promises."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tally.kernel.bus import Bus
from tally.kernel.ids import derived_id
from tally.realtime.adapters.counting_stream import JetStreamCounts
from tally.realtime.domain.model import Extent, Interest, Position
from tally.realtime.domain.ports import CountsStream
from tests.counts import publish, record
from tests.unit.realtime.fakes import MemoryStream

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Growing:
    """A stream, how to add one event to it, and the cameras that take turns in it."""

    stream: CountsStream[int]
    append: Callable[[], Awaitable[None]]
    cameras: tuple[str, str]


@pytest.fixture(params=["memory", "jetstream"])
async def growing(request: pytest.FixtureRequest, nats_url: str) -> AsyncIterator[Growing]:
    if request.param == "memory":
        memory = MemoryStream()
        yield Growing(memory, memory.append, ("a", "b"))
        return
    cameras = (derived_id("a"), derived_id("b"))
    async with Bus.connect(nats_url, name="test") as bus:
        stream = JetStreamCounts(bus, lambda recorded: recorded.sequence)
        appended = 0

        async def append() -> None:
            nonlocal appended
            appended += 1
            start = NOON + timedelta(seconds=appended)
            await publish(bus, [record(cameras[appended % 2], appended, start)])

        yield Growing(stream, append, cameras)


async def filled(growing: Growing, count: int) -> Extent:
    for _ in range(count):
        await growing.append()
    return await growing.stream.extent()


async def test_the_extent_grows_with_the_stream(growing: Growing) -> None:
    empty = await growing.stream.extent()
    assert empty.last == 0
    full = await filled(growing, 3)
    assert (full.stream, full.first, full.last) == (empty.stream, 1, 3)
    assert full.holds_all_after(empty.end)
    assert full.holds_all_after(full.end)
    assert not full.holds_all_after(Position(full.stream, 4))
    assert not full.holds_all_after(Position(full.stream + 1, 3))


@pytest.mark.parametrize(("after", "until"), [(0, 10), (3, 7), (9, 10), (0, 1)])
async def test_replay_gives_what_lies_between_two_places(
    growing: Growing, after: int, until: int
) -> None:
    await filled(growing, 10)
    events = [each async for each in growing.stream.replay(after, until, Interest())]
    assert [each.sequence for each in events] == list(range(after + 1, until + 1))
    assert [each.counts for each in events] == [each.sequence for each in events]


async def test_replay_can_be_of_one_camera(growing: Growing) -> None:
    await filled(growing, 10)
    second = growing.cameras[1]
    events = [each async for each in growing.stream.replay(2, 8, Interest(frozenset({second})))]
    assert [(each.sequence, each.camera_id) for each in events] == [
        (3, second),
        (5, second),
        (7, second),
    ]
    assert [
        each async for each in growing.stream.replay(0, 10, Interest(frozenset({derived_id("c")})))
    ] == []


async def test_following_goes_on_with_what_is_added(growing: Growing) -> None:
    await filled(growing, 3)
    found: list[int] = []
    async with asyncio.timeout(20), aclosing(growing.stream.follow(1)) as events:
        async for each in events:
            found.append(each.sequence)
            if len(found) == 2:
                await growing.append()
            if len(found) == 3:
                break
    assert found == [2, 3, 4]
