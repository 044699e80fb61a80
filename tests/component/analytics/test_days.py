"""Days are those of the site where the camera is."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from tally.api.analytics.v1 import analytics_pb2
from tally.api.camera.v1 import events_pb2, site_events_pb2, site_pb2
from tally.kernel.bus import Bus
from tally.kernel.ids import new_id
from tests.component.analytics.calls import Analytics, tell
from tests.counts import publish, record
from tests.refusals import violated

MINUTE = timedelta(minutes=1)


@pytest.fixture
def analytics(channel: grpc.aio.Channel) -> Analytics:
    return Analytics(channel)


async def camera_in(bus: Bus, time_zone: str) -> str:
    """A camera at a site of its own with these clocks; they stay as told last, in whatever order."""
    camera, site = new_id(), new_id()
    moved = site_pb2.Site(id=site, time_zone=time_zone)
    await tell(bus, site, 2, site_events_pb2.SiteUpdated(site=moved))
    first = site_pb2.Site(id=site, time_zone="Pacific/Kiritimati")
    await tell(bus, site, 1, site_events_pb2.SiteCreated(site=first))
    await tell(bus, camera, 1, events_pb2.CameraCreated(camera_id=camera, site_id=site))
    await tell(bus, site, 3, site_events_pb2.SiteDeleted(site_id=site))
    return camera


async def cross(bus: Bus, camera: str, *times: datetime) -> None:
    """Have one crossing inwards and one minute watched at each of these times."""
    runs = enumerate(times)
    await publish(
        bus,
        [record(camera, 0, at, run=str(run), seconds=60, inwards=1, stays=[2]) for run, at in runs],
    )


Row = tuple[str, str, str, int, float]


async def rows(
    analytics: Analytics,
    camera: str,
    start: datetime,
    end: datetime,
    granularity: analytics_pb2.Granularity.ValueType = analytics_pb2.GRANULARITY_DAY,
) -> tuple[Sequence[Row], Sequence[Row]]:
    """Zone, start and end (UTC), crossings in or exits, and minutes observed: of lines and of zones."""

    def row(count: analytics_pb2.LineCount | analytics_pb2.ZoneCount, number: int) -> Row:
        first, last = count.start_time.ToDatetime(), count.end_time.ToDatetime()
        minutes = count.observed.ToTimedelta() / MINUTE
        return count.time_zone, f"{first:%d %H:%M}", f"{last:%d %H:%M}", number, minutes

    lines = await analytics.lines(camera, start=start, end=end, granularity=granularity)
    zones = await analytics.zones(camera, start=start, end=end, granularity=granularity)
    return [row(each, each.in_count) for each in lines], [row(each, each.exits) for each in zones]


async def until_rows(
    analytics: Analytics,
    camera: str,
    start: datetime,
    end: datetime,
    expected: Sequence[Row],
    granularity: analytics_pb2.Granularity.ValueType = analytics_pb2.GRANULARITY_DAY,
) -> None:
    """Wait until lines and zones both have these rows."""
    found: tuple[Sequence[Row], Sequence[Row]] = ((), ())
    try:
        async with asyncio.timeout(20):
            while found != (expected, expected):
                found = await rows(analytics, camera, start, end, granularity)
                await asyncio.sleep(0.05)
    except TimeoutError:
        assert found == (expected, expected)


async def test_the_day_on_which_clocks_go_forward_has_23_hours(
    analytics: Analytics, bus: Bus
) -> None:
    camera = await camera_in(bus, "Europe/Paris")
    begins, ends = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    await cross(bus, camera, begins - MINUTE, begins, ends - MINUTE, ends)
    expected = [
        ("Europe/Paris", "27 23:00", "28 23:00", 1, 1.0),
        ("Europe/Paris", "28 23:00", "29 22:00", 2, 2.0),
        ("Europe/Paris", "29 22:00", "30 22:00", 1, 1.0),
    ]
    await until_rows(analytics, camera, begins - MINUTE, ends + MINUTE, expected)
    week = [("Europe/Paris", "22 23:00", "29 22:00", 3, 3.0)]
    weekly = analytics_pb2.GRANULARITY_WEEK
    await until_rows(analytics, camera, begins, begins + MINUTE, week, weekly)


async def test_the_day_on_which_clocks_go_back_has_25_hours(analytics: Analytics, bus: Bus) -> None:
    camera = await camera_in(bus, "America/Havana")
    begins, ends = datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC)
    await cross(bus, camera, begins - MINUTE, begins, ends - MINUTE, ends)
    expected = [("America/Havana", "01 04:00", "02 05:00", 2, 2.0)]
    await until_rows(analytics, camera, begins, ends, expected)
    months = [
        ("America/Havana", "01 04:00", "01 04:00", 1, 1.0),
        ("America/Havana", "01 04:00", "01 05:00", 3, 3.0),
    ]
    monthly = analytics_pb2.GRANULARITY_MONTH
    await until_rows(analytics, camera, begins - MINUTE, ends, months, monthly)


async def test_days_and_hours_begin_where_clocks_go_by_half_hours(
    analytics: Analytics, bus: Bus
) -> None:
    camera = await camera_in(bus, "Asia/Kolkata")
    midnight = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)
    await cross(bus, camera, midnight - MINUTE, midnight, midnight + MINUTE)
    span = midnight - MINUTE, midnight + MINUTE
    days = [
        ("Asia/Kolkata", "28 18:30", "01 18:30", 1, 1.0),
        ("Asia/Kolkata", "01 18:30", "02 18:30", 2, 2.0),
    ]
    await until_rows(analytics, camera, *span, days)
    hours = [
        ("Asia/Kolkata", "01 17:30", "01 18:30", 1, 1.0),
        ("Asia/Kolkata", "01 18:30", "01 19:30", 2, 2.0),
    ]
    await until_rows(analytics, camera, *span, hours, analytics_pb2.GRANULARITY_HOUR)
    total = [("Asia/Kolkata", "01 17:30", "01 19:30", 3, 3.0)]
    await until_rows(analytics, camera, *span, total, analytics_pb2.GRANULARITY_TOTAL)


async def test_cameras_are_summed_by_their_own_clocks_and_those_at_no_site_in_utc(
    analytics: Analytics, bus: Bus
) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    east, nowhere = await camera_in(bus, "Asia/Tokyo"), new_id()
    for camera in (east, nowhere):
        await cross(bus, camera, noon)
    tokyo = [("Asia/Tokyo", "28 15:00", "01 15:00", 1, 1.0)]
    await until_rows(analytics, east, noon, noon + MINUTE, tokyo)
    utc = [("UTC", "01 00:00", "02 00:00", 1, 1.0)]
    await until_rows(analytics, nowhere, noon, noon + MINUTE, utc)
    both = await analytics.lines(
        start=noon, end=noon + MINUTE, granularity=analytics_pb2.GRANULARITY_DAY
    )
    assert [(count.camera_id, count.time_zone) for count in both] == sorted(
        [(east, "Asia/Tokyo"), (nowhere, "UTC")]
    )
    await tell(bus, east, 2, events_pb2.CameraMoved(camera_id=east))
    await until_rows(analytics, east, noon, noon + MINUTE, utc)


async def test_a_range_of_too_many_hours_is_refused(analytics: Analytics) -> None:
    start, end = datetime(2000, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    for call in (analytics.lines(start=start, end=end), analytics.zones(start=start, end=end)):
        assert set(await violated(call)) == {"end_time"}
    daily = analytics_pb2.GRANULARITY_DAY
    assert await analytics.lines(start=start, end=end, granularity=daily) == []
