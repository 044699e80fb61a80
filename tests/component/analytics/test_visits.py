"""What happened in zones can be asked for: who came, who loitered, and how long people stayed."""

from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
import pytest

from tally.api.analytics.v1 import visit_service_pb2 as messages
from tally.api.analytics.v1.visit_service_pb2_grpc import VisitServiceStub
from tally.api.counting.v1 import count_pb2
from tally.kernel.bus import Bus
from tally.kernel.ids import derived_id, new_id
from tests.component.analytics.calls import HOUR, NOON, Analytics, timestamp
from tests.counts import ZONE, publish, record
from tests.refusals import refused

if TYPE_CHECKING:
    from tally.api.analytics.v1.visit_service_pb2_grpc import VisitServiceAsyncStub

STAYS = (3.0, 5.0, 5.5, 40.0, 60.0, 61.0, 400.0, 3600.0, 7200.0, 9000.0)


@pytest.fixture
def visits(channel: grpc.aio.Channel) -> "VisitServiceAsyncStub":
    return VisitServiceStub(channel)


async def seen(bus: Bus, channel: grpc.aio.Channel) -> str:
    """A camera at whose zone people stayed, of whom one loitered where nobody may be; returns its id."""
    camera = new_id()
    told = record(camera, 0, NOON, stays=STAYS, inwards=1)
    for kind in (count_pb2.VISIT_KIND_LOITERING, count_pb2.VISIT_KIND_INTRUSION):
        told.visits.add(
            id=derived_id(camera, kind),
            zone="vault",
            kind=kind,
            time=timestamp(NOON + timedelta(milliseconds=kind)),
        )
    await publish(bus, [told])
    await Analytics(channel).reaches(camera, (1, 0, 1.0))
    return camera


async def test_visits_are_listed_by_time_a_page_at_a_time(
    bus: Bus, channel: grpc.aio.Channel, visits: "VisitServiceAsyncStub"
) -> None:
    camera = await seen(bus, channel)
    found: list[messages.VisitRecord] = []
    token = ""
    while True:
        page = await visits.ListVisits(
            messages.ListVisitsRequest(camera_id=camera, page_size=5, page_token=token)
        )
        found += page.visits
        token = page.next_page_token
        if not token:
            break
    assert len({each.visit.id for each in found}) == len(found) == len(STAYS) + 2
    assert [each.visit.kind for each in found[-2:]] == [
        count_pb2.VISIT_KIND_LOITERING,
        count_pb2.VISIT_KIND_INTRUSION,
    ]
    dwells = sorted(each.visit.dwell.ToTimedelta().total_seconds() for each in found[:-2])
    assert dwells == list(STAYS)
    assert {(each.camera_id, each.config_version, each.detector) for each in found} == {
        (camera, 3, "motion")
    }


async def test_visits_are_chosen_by_zone_kind_and_time(
    bus: Bus, channel: grpc.aio.Channel, visits: "VisitServiceAsyncStub"
) -> None:
    camera = await seen(bus, channel)
    for chosen, count in (
        ({"zone": "vault"}, 2),
        ({"kind": count_pb2.VISIT_KIND_INTRUSION}, 1),
        ({"kind": count_pb2.VISIT_KIND_EXIT, "zone": ZONE}, len(STAYS)),
        ({"start_time": timestamp(NOON + timedelta(milliseconds=4))}, 1),
        ({"end_time": timestamp(NOON)}, 0),
    ):
        request = messages.ListVisitsRequest(camera_id=camera, **chosen)
        assert len((await visits.ListVisits(request)).visits) == count


async def test_a_token_of_another_query_is_refused(
    bus: Bus, channel: grpc.aio.Channel, visits: "VisitServiceAsyncStub"
) -> None:
    camera = await seen(bus, channel)
    page = await visits.ListVisits(messages.ListVisitsRequest(camera_id=camera, page_size=1))
    other = messages.ListVisitsRequest(
        camera_id=camera, zone="vault", page_token=page.next_page_token
    )
    assert await refused(visits.ListVisits(other)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "PAGE_TOKEN_INVALID",
    )


async def test_stays_are_told_as_they_are_spread(
    bus: Bus, channel: grpc.aio.Channel, visits: "VisitServiceAsyncStub"
) -> None:
    camera = await seen(bus, channel)
    answer = await visits.QueryDwells(
        messages.QueryDwellsRequest(
            camera_id=camera, start_time=timestamp(NOON), end_time=timestamp(NOON + HOUR)
        )
    )
    (dwells,) = answer.dwells
    assert (dwells.zone, dwells.visits) == (ZONE, len(STAYS))
    assert dwells.mean.ToTimedelta() == timedelta(seconds=sum(STAYS) / len(STAYS))
    assert dwells.median.ToTimedelta() == timedelta(seconds=60)
    assert dwells.percentile_90.ToTimedelta() == timedelta(seconds=7200)
    assert [(each.up_to.ToTimedelta().total_seconds(), each.visits) for each in dwells.buckets] == [
        (5, 2),
        (10, 1),
        (30, 0),
        (60, 2),
        (120, 1),
        (300, 0),
        (600, 1),
        (1800, 0),
        (3600, 1),
        (0, 2),
    ]
    assert not dwells.buckets[-1].HasField("up_to")


async def test_of_a_camera_that_saw_nobody_nothing_is_told(
    visits: "VisitServiceAsyncStub",
) -> None:
    request = messages.QueryDwellsRequest(
        camera_id=new_id(), start_time=timestamp(NOON), end_time=timestamp(NOON + HOUR)
    )
    assert not (await visits.QueryDwells(request)).dwells
