"""A subscription goes on exactly where an earlier one ended, whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from tally.realtime.application.feed import Feed
from tally.realtime.application.hub import Hub
from tally.realtime.application.subscribe import Subscribe, Update
from tally.realtime.domain.errors import (
    ResumeTokenExpired,
    ResumeTokenInvalid,
    StreamInterrupted,
    TooManySubscribers,
)
from tally.realtime.domain.model import Interest, Position
from tests.unit.realtime.fakes import STREAM, MemoryStream, event

EVERYTHING = Interest()


def subscribe(
    stream: MemoryStream, position: int | None = None, *, capacity: int = 8, subscribers: int = 2
) -> Subscribe[int]:
    start = len(stream.events) if position is None else position
    hub = Hub[int](Position(STREAM, start), queue_capacity=capacity, max_subscribers=subscribers)
    return Subscribe(stream, hub, heartbeat_s=0.02, max_gap=capacity // 2)


async def take(
    use_case: Subscribe[int], token: str, wanted: int, interest: Interest = EVERYTHING
) -> list[Update[int]]:
    """The first `wanted` updates that carry an event."""
    found = []
    async with aclosing(use_case(interest, token)) as updates, asyncio.timeout(10):
        async for update in updates:
            if update.event is not None:
                found.append(update)
                if len(found) == wanted:
                    break
    return found


async def drain(updates: AsyncIterator[Update[int]]) -> None:
    async for _ in updates:
        pass


def numbers(updates: list[Update[int]]) -> list[int]:
    return [update.event.counts for update in updates if update.event]


async def test_a_silent_stream_shows_signs_of_life_with_its_position() -> None:
    use_case = subscribe(MemoryStream(3))
    async with aclosing(use_case(EVERYTHING, "")) as updates:
        assert await anext(updates) == Update(Position(STREAM, 3), None)
        assert await anext(updates) == Update(Position(STREAM, 3), None)


async def test_a_heartbeat_counts_what_other_cameras_had() -> None:
    use_case = subscribe(MemoryStream(3))
    async with aclosing(use_case(Interest(frozenset({"a"})), "")) as updates:
        await anext(updates)
        use_case.hub.publish(event(5))
        assert await anext(updates) == Update(Position(STREAM, 5), None)


NORTH = frozenset({"north"})


@pytest.mark.parametrize(
    "interest",
    [
        EVERYTHING,
        Interest(frozenset({"a"})),
        Interest(sites=NORTH),
        Interest(frozenset({"a"}), NORTH),
    ],
    ids=["all", "camera", "site", "both"],
)
@pytest.mark.parametrize("resumed_at", [0, 1, 19, 25, 30])
async def test_resuming_leaves_nothing_out_and_repeats_nothing(
    resumed_at: int, interest: Interest
) -> None:
    stream = MemoryStream(30)
    use_case = subscribe(stream)
    feeding = asyncio.create_task(Feed(stream, use_case.hub).run())

    async def keep_appending() -> None:
        for _ in range(30):
            await stream.append()
            await asyncio.sleep(0.001)

    appending = asyncio.create_task(keep_appending())
    wanted = [n for n in range(resumed_at + 1, 61) if interest.includes(event(n))]
    got = await take(use_case, Position(STREAM, resumed_at).token, len(wanted), interest)
    assert numbers(got) == wanted
    assert [update.position.sequence for update in got] == wanted
    await appending
    feeding.cancel()


async def test_a_token_from_a_server_that_is_ahead_repeats_nothing() -> None:
    stream = MemoryStream(10)
    use_case = subscribe(stream, position=4)
    taking = asyncio.create_task(take(use_case, Position(STREAM, 8).token, 2))
    feeding = asyncio.create_task(Feed(stream, use_case.hub).run())
    assert numbers(await taking) == [9, 10]
    feeding.cancel()


@pytest.mark.parametrize(
    "token",
    ["nonsense", Position(STREAM, 31).token, Position(STREAM + 1, 5).token],
    ids=["malformed", "future", "other stream"],
)
async def test_a_token_of_no_position_in_the_stream_is_refused(token: str) -> None:
    with pytest.raises(ResumeTokenInvalid):
        await take(subscribe(MemoryStream(30)), token, 1)


async def test_a_token_whose_successors_are_gone_has_expired() -> None:
    stream = MemoryStream(30)
    stream.first = 10
    assert numbers(await take(subscribe(stream), Position(STREAM, 9).token, 21)) == list(
        range(10, 31)
    )
    with pytest.raises(ResumeTokenExpired):
        await take(subscribe(stream), Position(STREAM, 8).token, 1)


async def test_no_more_subscribers_than_allowed() -> None:
    use_case = subscribe(MemoryStream(), subscribers=1)
    async with aclosing(use_case(EVERYTHING, "")) as updates:
        await anext(updates)
        with pytest.raises(TooManySubscribers):
            await take(use_case, "", 1)


@pytest.mark.parametrize("loss", ["purged", "made anew"])
async def test_when_the_feed_has_lost_events_subscribers_are_sent_away(loss: str) -> None:
    stream = MemoryStream(5)
    use_case = subscribe(stream)
    async with aclosing(use_case(EVERYTHING, "")) as updates:
        await anext(updates)
        if loss == "purged":
            stream.events += [event(number) for number in range(6, 11)]
            stream.first = 8
        else:
            stream.identity += 1
        feeding = asyncio.create_task(Feed(stream, use_case.hub).run())
        with pytest.raises(StreamInterrupted):
            await drain(updates)
    assert use_case.hub.position == (await stream.extent()).end
    feeding.cancel()


def test_interest_is_in_both_the_cameras_and_the_sites() -> None:
    north = [number for number in range(12) if Interest(sites=NORTH).includes(event(number))]
    assert north == [0, 3, 6, 9]
    assert [n for n in range(12) if Interest(frozenset({"a"}), NORTH).includes(event(n))] == [0, 6]
    assert not any(Interest(sites=frozenset()).includes(event(number)) for number in range(12))
    assert all(EVERYTHING.includes(event(number)) for number in range(12))
