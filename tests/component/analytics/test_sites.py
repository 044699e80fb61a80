"""Whoever may ask about some sites only hears of the cameras that are there now."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import grpc
import pytest

from tally.analytics.bootstrap import analytics_server
from tally.analytics.settings import AnalyticsSettings
from tally.api.camera.v1 import events_pb2 as camera_events
from tally.kernel.bus import Bus
from tally.kernel.grpc.client import connect
from tally.kernel.ids import new_id
from tests.callers import Keeper
from tests.component.analytics.calls import NOON, Analytics, tell
from tests.counts import publish, record

NORTH, SOUTH = new_id(), new_id()


@pytest.fixture
def analytics(channel: grpc.aio.Channel) -> Analytics:
    """The counts for somebody who may ask about everything."""
    return Analytics(channel)


@pytest.fixture
async def keepers(analytics: Analytics, settings: AnalyticsSettings) -> AsyncIterator[Analytics]:
    """The counts for somebody who may ask about the north."""
    keeper = Keeper({"analytics:read": frozenset({NORTH})})
    async with (
        analytics_server(settings, authenticator=keeper) as server,
        connect(server.address) as channel,
    ):
        yield Analytics(channel)


async def counted(bus: Bus, analytics: Analytics, *cameras: str) -> None:
    """Have each camera count two crossings and one visit."""
    await publish(
        bus, [record(camera, 0, NOON, inwards=1, outwards=1, stays=[2]) for camera in cameras]
    )
    for camera in cameras:
        await analytics.reaches(camera, (1, 1, 1.0))


async def heard_of(analytics: Analytics, *cameras: str) -> tuple[set[str], ...]:
    """The cameras of which each method says something."""
    lines, zones = await analytics.lines(*cameras), await analytics.zones(*cameras)
    listed = [(await analytics.crossings(camera)).crossings for camera in cameras]
    ways = {camera for camera in cameras if await analytics.flows(camera)}
    return (
        {count.camera_id for count in lines},
        {count.camera_id for count in zones},
        {crossing.camera_id for crossings in listed for crossing in crossings},
        ways,
    )


async def until_heard_of(analytics: Analytics, asked: Sequence[str], *expected: str) -> None:
    """Wait until the methods say something of the expected cameras and no others."""
    async with asyncio.timeout(20):
        while await heard_of(analytics, *asked) != (set(expected),) * 4:
            await asyncio.sleep(0.05)


async def test_counts_are_shown_where_their_camera_is(
    analytics: Analytics, keepers: Analytics, bus: Bus
) -> None:
    north, south, nowhere, _unknown = cameras = [new_id() for _ in range(4)]
    await counted(bus, analytics, *cameras)
    assert await heard_of(keepers, *cameras) == (set(),) * 4
    for camera, site_id in ((north, NORTH), (south, SOUTH), (nowhere, "")):
        await tell(bus, camera, 1, camera_events.CameraCreated(camera_id=camera, site_id=site_id))
    await until_heard_of(keepers, cameras, north)
    assert {count.camera_id for count in await keepers.lines()} == {north}
    assert {count.camera_id for count in await keepers.zones()} == {north}
    assert await heard_of(analytics, *cameras) == (set(cameras),) * 4


async def test_counts_move_with_their_camera_in_whatever_order_that_is_told(
    analytics: Analytics, keepers: Analytics, bus: Bus
) -> None:
    moved, left = cameras = [new_id(), new_id()]
    await counted(bus, analytics, *cameras)
    await tell(bus, moved, 3, camera_events.CameraMoved(camera_id=moved, site_id=NORTH))
    await tell(bus, moved, 2, camera_events.CameraMoved(camera_id=moved, site_id=SOUTH))
    await tell(bus, moved, 1, camera_events.CameraCreated(camera_id=moved))
    await tell(bus, left, 1, camera_events.CameraCreated(camera_id=left, site_id=NORTH))
    await until_heard_of(keepers, cameras, *cameras)
    await tell(bus, left, 2, camera_events.CameraMoved(camera_id=left))
    await until_heard_of(keepers, cameras, moved)
