"""What is kept under a subject is there until it expires, is replaced or makes room."""

import asyncio
from datetime import timedelta

import pytest

from tally.kernel.bus import PICTURES, Bus, look_up, store
from tally.kernel.errors import Unavailable
from tally.kernel.ids import new_id

HOUR = timedelta(hours=1)


def subject() -> str:
    return PICTURES.subject(new_id(), new_id())


async def test_what_was_stored_is_found_and_what_was_not_is_not(bus: Bus) -> None:
    place = subject()
    await store(bus, PICTURES, place, b"a picture", HOUR)
    assert await look_up(bus, PICTURES, place) == b"a picture"
    assert await look_up(bus, PICTURES, subject()) is None


async def test_storing_again_keeps_one(bus: Bus) -> None:
    place = subject()
    before = (await bus.jetstream.stream_info(PICTURES.name)).state.messages
    for _ in range(3):
        await store(bus, PICTURES, place, b"the same", HOUR)
    assert (await bus.jetstream.stream_info(PICTURES.name)).state.messages == before + 1
    assert await look_up(bus, PICTURES, place) == b"the same"


async def test_each_expires_in_its_own_time(bus: Bus) -> None:
    brief, long = subject(), subject()
    await store(bus, PICTURES, long, b"long", HOUR)
    await store(bus, PICTURES, brief, b"brief", timedelta(seconds=1))
    assert await look_up(bus, PICTURES, brief) == b"brief"
    async with asyncio.timeout(10):
        while await look_up(bus, PICTURES, brief) is not None:
            await asyncio.sleep(0.05)
    assert await look_up(bus, PICTURES, long) == b"long"


async def test_the_oldest_makes_room(bus: Bus) -> None:
    config = (await bus.jetstream.stream_info(PICTURES.name)).config
    config.max_bytes = 100_000
    await bus.jetstream.update_stream(config)
    places = [subject() for _ in range(4)]
    for place in places:
        await store(bus, PICTURES, place, bytes(40_000), HOUR)
    found = [await look_up(bus, PICTURES, place) is not None for place in places]
    assert found == [False, False, True, True]


async def test_nothing_is_promised_while_the_server_is_away(nats_url: str) -> None:
    async with Bus.connect(nats_url, name="test") as bus:
        await bus.client.close()
        with pytest.raises(Unavailable):
            await store(bus, PICTURES, subject(), b"", HOUR)
        with pytest.raises(Unavailable):
            await look_up(bus, PICTURES, subject())
