"""What workers publish can be asked for."""

from datetime import timedelta

import grpc
import pytest

from tally.api.analytics.v1 import analytics_pb2
from tally.api.counting.v1 import count_pb2
from tally.kernel.bus import Bus
from tally.kernel.ids import new_id
from tests.component.analytics.calls import HOUR, NOON, Analytics, timestamp
from tests.counts import LINE, ZONE, publish, record
from tests.refusals import refused, violated


@pytest.fixture
def analytics(channel: grpc.aio.Channel) -> Analytics:
    return Analytics(channel)


async def test_crossings_are_summed_by_the_hour_and_a_gap_is_no_zero(
    analytics: Analytics, bus: Bus
) -> None:
    camera = new_id()
    await publish(
        bus,
        [
            record(camera, 0, NOON, inwards=2, outwards=1),
            record(camera, 0, NOON + HOUR, run="quiet"),
            record(camera, 0, NOON + 3 * HOUR, run="later", inwards=1),
        ],
    )
    await analytics.reaches(camera, (3, 1, 3.0))

    counts = await analytics.lines(camera)
    assert [
        (count.start_time, count.in_count, count.out_count, count.observed.seconds)
        for count in counts
    ] == [
        (timestamp(NOON), 2, 1, 1),
        (timestamp(NOON + HOUR), 0, 0, 1),
        (timestamp(NOON + 3 * HOUR), 1, 0, 1),
    ]
    assert all(count.camera_id == camera and count.line == LINE for count in counts)
    assert all(
        count.end_time.seconds - count.start_time.seconds == HOUR.total_seconds()
        for count in counts
    )


async def test_each_class_has_sums_of_its_own_and_what_was_not_there_is_zero(
    analytics: Analytics, bus: Bus
) -> None:
    camera = new_id()
    mixed, later = (
        record(camera, 0, NOON, inwards=3, outwards=1),
        record(camera, 0, NOON + HOUR, run="quiet"),
    )
    for crossing, kind in zip(mixed.crossings, ("car", "car", "bus", "truck"), strict=True):
        crossing.object_class = kind
    vehicles = {crossing.object_class: crossing.direction for crossing in mixed.crossings}
    assert vehicles["truck"] == count_pb2.DIRECTION_OUT
    await publish(bus, [mixed, later])
    await analytics.reaches(camera, (3, 1, 2.0))

    async def counts(*kinds: str) -> list[tuple[int, int]]:
        found = await analytics.lines(camera, object_classes=kinds)
        return [(count.in_count, count.out_count) for count in found]

    assert await counts() == [(3, 1), (0, 0)]
    assert await counts("car") == [(2, 0), (0, 0)]
    assert await counts("bus", "truck") == [(1, 1), (0, 0)]
    assert await counts("person") == [(0, 0), (0, 0)]
    [total] = await analytics.lines(
        camera, object_classes=["car"], granularity=analytics_pb2.GRANULARITY_TOTAL
    )
    assert (total.in_count, total.observed.seconds) == (2, 2)


async def test_doubted_crossings_widen_the_interval_of_their_count(
    analytics: Analytics, bus: Bus
) -> None:
    camera = new_id()
    doubted = record(camera, 0, NOON, inwards=4, outwards=4)
    for crossing in doubted.crossings:
        comes_in = crossing.direction == count_pb2.DIRECTION_IN
        crossing.confidence = 0.75 if comes_in else 1.0
        crossing.object_class = "car" if comes_in else "bus"
    await publish(bus, [doubted])
    await analytics.reaches(camera, (4, 4, 1.0))
    doubted_in, sure = (0, 14), (4, 4)
    for classes, (inwards, outwards) in {
        (): (doubted_in, sure),
        ("car",): (doubted_in, (0, 0)),
    }.items():
        [count] = await analytics.lines(camera, object_classes=classes)
        assert (count.in_interval.low, count.in_interval.high) == inwards
        assert (count.out_interval.low, count.out_interval.high) == outwards


async def test_the_total_covers_the_whole_range(analytics: Analytics, bus: Bus) -> None:
    camera = new_id()
    await publish(bus, [record(camera, 0, NOON + timedelta(minutes=5), inwards=1)])
    await analytics.reaches(camera, (1, 0, 1.0))
    [count] = await analytics.lines(
        camera,
        start=NOON + timedelta(minutes=30),
        end=NOON + timedelta(minutes=90),
        granularity=analytics_pb2.GRANULARITY_TOTAL,
    )
    assert (count.start_time, count.end_time) == (timestamp(NOON), timestamp(NOON + 2 * HOUR))
    assert count.in_count == 1


async def test_visits_are_summed_with_peak_and_mean_dwell(analytics: Analytics, bus: Bus) -> None:
    camera = new_id()
    await publish(
        bus,
        [
            record(camera, 0, NOON, stays=[2.0, 4.0]),
            record(camera, 1, NOON + timedelta(seconds=1)),
            record(camera, 0, NOON + HOUR, run="quiet"),
        ],
    )
    await analytics.reaches(camera, (0, 0, 3.0))
    busy, quiet = await analytics.zones(camera)
    assert (busy.zone, busy.entries, busy.exits, busy.peak_occupancy) == (ZONE, 0, 2, 2)
    assert busy.mean_dwell.ToTimedelta() == timedelta(seconds=3)
    assert busy.observed.seconds == 2
    assert (quiet.exits, quiet.HasField("mean_dwell")) == (0, False)


async def test_cameras_are_told_apart(analytics: Analytics, bus: Bus) -> None:
    one, other = sorted([new_id(), new_id()])
    await publish(bus, [record(other, 0, NOON, inwards=2), record(one, 0, NOON, inwards=1)])
    for camera, crossings in ((one, 1), (other, 2)):
        await analytics.reaches(camera, (crossings, 0, 1.0))
    assert [count.camera_id for count in await analytics.lines()] == [one, other]
    assert await analytics.lines(new_id()) == []


async def test_crossings_are_listed_with_where_they_come_from(
    analytics: Analytics, bus: Bus
) -> None:
    camera = new_id()
    records = [
        record(camera, number, NOON + timedelta(seconds=number), inwards=2, outwards=1)
        for number in range(3)
    ]
    await publish(bus, records)
    await analytics.reaches(camera, (6, 3, 3.0))

    listed: list[analytics_pb2.CrossingRecord] = []
    token, pages = "", 0
    while token or not pages:
        page = await analytics.crossings(camera, page_size=4, page_token=token)
        listed += page.crossings
        token, pages = page.next_page_token, pages + 1
    assert pages == 3
    published = {crossing.id: crossing for each in records for crossing in each.crossings}
    assert {each.crossing.id: each.crossing for each in listed} == published
    assert [each.crossing.time.seconds for each in listed] == sorted(
        crossing.time.seconds for crossing in published.values()
    )
    assert {
        (each.camera_id, each.run_id, each.config_version, each.detector) for each in listed
    } == {(camera, records[0].run_id, 3, "motion")}
    assert listed[0].crossing.direction in (count_pb2.DIRECTION_IN, count_pb2.DIRECTION_OUT)
    assert not (await analytics.crossings(camera, line="another")).crossings


async def test_what_is_said_of_a_crossing_is_kept_and_its_ways_are_summed(
    analytics: Analytics, bus: Bus
) -> None:
    camera = new_id()
    made = record(camera, 0, NOON, inwards=3)
    plain, fast, first = made.crossings
    fast.confidence, fast.previous_line, fast.speed_mps = 0.5, "door", 1.5
    fast.evidence.extend([count_pb2.EVIDENCE_SEEN_ON_BOTH_SIDES, count_pb2.EVIDENCE_INTERPOLATED])
    fast.gap.FromTimedelta(timedelta(seconds=0.75))
    plain.previous_line = "door"
    await publish(bus, [made, made])
    await analytics.reaches(camera, (3, 0, 1.0))

    listed = {
        each.crossing.id: each.crossing for each in (await analytics.crossings(camera)).crossings
    }
    assert listed == {each.id: each for each in made.crossings}
    assert not listed[first.id].HasField("speed_mps")
    assert await analytics.flows(camera) == {("", LINE): 1, ("door", LINE): 2}
    assert await analytics.flows(camera, start=NOON + timedelta(seconds=1)) == {}
    assert await analytics.flows(new_id()) == {}


async def test_where_objects_were_is_summed_once(analytics: Analytics, bus: Bus) -> None:
    camera = new_id()
    first = record(camera, 0, NOON, inwards=1)
    second = record(camera, 60, NOON + timedelta(minutes=1))
    first.heat.cells.extend([7, 1295])
    first.heat.milliseconds.extend([1500, 20_000])
    second.heat.cells.append(7)
    second.heat.milliseconds.append(250)
    await publish(bus, [first, second, first])
    await analytics.reaches(camera, (1, 0, 2.0))

    assert await analytics.heat(camera) == {7: 1.75, 1295: 20.0}
    assert await analytics.heat(camera, start=NOON + timedelta(seconds=30)) == {7: 0.25}
    assert await analytics.heat(new_id()) == {}
    too_long = analytics.heat(camera, NOON, NOON + timedelta(days=32))
    assert (await refused(too_long))[0] is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_page_token_of_no_page_is_refused(analytics: Analytics) -> None:
    assert await refused(analytics.crossings(new_id(), page_token="nonsense")) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "PAGE_TOKEN_INVALID",
    )
    assert set(await violated(analytics.crossings(new_id(), page_token="nonsense"))) == {
        "page_token"
    }


async def test_a_range_that_ends_before_it_begins_is_refused(analytics: Analytics) -> None:
    code, _ = await refused(analytics.lines(start=NOON, end=NOON - HOUR))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert set(await violated(analytics.lines("not a uuid"))) == {"camera_ids[0]"}
    assert set(await violated(analytics.flows("not a uuid", NOON, NOON))) == {"", "camera_id"}
