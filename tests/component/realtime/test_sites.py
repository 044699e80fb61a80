"""Whoever may ask about some sites only is told what is counted there, and nothing else."""

from tally.kernel.bus import Bus
from tally.kernel.grpc.client import connect
from tally.kernel.ids import new_id
from tally.realtime.bootstrap import realtime_server
from tally.realtime.settings import RealtimeSettings
from tests.callers import Keeper
from tests.component.realtime.calls import CAMERA, numbered, subscribed
from tests.counts import publish

NORTH, SOUTH = new_id(), new_id()


async def count(bus: Bus, numbers: range) -> None:
    """Have cameras in the north, in the south and nowhere count by turns."""
    records = [numbered(number, new_id()) for number in numbers]
    for number, record in zip(numbers, records, strict=True):
        record.site_id = (NORTH, SOUTH, "")[number % 3]
    await publish(bus, records)


async def test_counts_of_other_sites_are_told_neither_live_nor_later(
    settings: RealtimeSettings, bus: Bus
) -> None:
    keeper = Keeper({"analytics:read": frozenset({NORTH})})
    async with (
        realtime_server(settings, authenticator=keeper) as server,
        connect(server.address) as channel,
    ):
        async with subscribed(channel) as live:
            began = (await live.read()).resume_token
            await count(bus, range(9))
            assert await live.sequences(3) == [0, 3, 6]
        async with subscribed(channel, token=began) as later:
            assert await later.sequences(3) == [0, 3, 6]
            await count(bus, range(9, 12))
            assert await later.sequences(1) == [9]
        async with subscribed(channel, CAMERA, token=began) as elsewhere:
            await publish(bus, [numbered(20, CAMERA)])
            here = numbered(21, CAMERA)
            here.site_id = NORTH
            await publish(bus, [here])
            assert await elsewhere.sequences(1) == [21]
