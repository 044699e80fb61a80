"""What crossed is shown, and if it is not, why."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
import pytest

from tally.analytics.bootstrap import analytics_server
from tally.analytics.settings import AnalyticsSettings
from tally.api.analytics.v1 import picture_service_pb2 as messages
from tally.api.analytics.v1.picture_service_pb2_grpc import PictureServiceStub
from tally.api.counting.v1 import events_pb2
from tally.kernel.bus import PICTURES, Bus, store
from tally.kernel.clock import utc_now
from tally.kernel.grpc.client import connect
from tally.kernel.ids import new_id
from tests.callers import Keeper
from tests.component.analytics.calls import NOON, Analytics
from tests.counts import publish, record
from tests.refusals import refused

if TYPE_CHECKING:
    from tally.api.analytics.v1.picture_service_pb2_grpc import PictureServiceAsyncStub as Stub
else:
    Stub = PictureServiceStub

DAY = timedelta(days=1)


@pytest.fixture
def pictures(channel: grpc.aio.Channel) -> Stub:
    return PictureServiceStub(channel)


@pytest.fixture
async def elsewhere(settings: AnalyticsSettings) -> AsyncIterator[Stub]:
    """Pictures for somebody who may see those of another site."""
    keeper = Keeper({"analytics:write": frozenset({new_id()})})
    async with (
        analytics_server(settings, authenticator=keeper) as server,
        connect(server.address) as channel,
    ):
        yield PictureServiceStub(channel)


@pytest.fixture
async def counted(channel: grpc.aio.Channel, bus: Bus) -> events_pb2.CountsRecorded:
    """Three crossings: with a picture, with one that expired, and without any."""
    told = record(new_id(), 0, NOON, inwards=3)
    for crossing, left in zip(told.crossings, (DAY, -DAY), strict=False):
        crossing.picture_expire_time.FromDatetime(utc_now() + left)
    await publish(bus, [told])
    await Analytics(channel).reaches(told.camera_id, (3, 0, 1.0))
    return told


def asking(crossing_id: str) -> messages.GetCrossingPictureRequest:
    return messages.GetCrossingPictureRequest(crossing_id=crossing_id)


async def test_a_crossing_is_shown_with_what_was_counted(
    pictures: Stub, counted: events_pb2.CountsRecorded, bus: Bus
) -> None:
    pictured = counted.crossings[0]
    await store(bus, PICTURES, PICTURES.subject(counted.camera_id, pictured.id), b"jpeg", DAY)

    shown = await pictures.GetCrossingPicture(asking(pictured.id))

    assert shown.jpeg == b"jpeg"
    assert shown.crossing.camera_id == counted.camera_id
    assert shown.crossing.crossing == pictured


async def test_why_there_is_no_picture(pictures: Stub, counted: events_pb2.CountsRecorded) -> None:
    lost, expired, never = (each.id for each in counted.crossings)
    reasons = [
        await refused(pictures.GetCrossingPicture(asking(crossing_id)))
        for crossing_id in (lost, expired, never, new_id())
    ]
    assert reasons == [
        (grpc.StatusCode.NOT_FOUND, reason)
        for reason in (
            "PICTURE_LOST",
            "PICTURE_EXPIRED",
            "PICTURE_NOT_TAKEN",
            "CROSSING_NOT_FOUND",
        )
    ]


async def test_crossings_of_other_sites_are_none(
    elsewhere: Stub, counted: events_pb2.CountsRecorded, bus: Bus
) -> None:
    pictured = counted.crossings[0]
    await store(bus, PICTURES, PICTURES.subject(counted.camera_id, pictured.id), b"jpeg", DAY)
    assert await refused(elsewhere.GetCrossingPicture(asking(pictured.id))) == (
        grpc.StatusCode.NOT_FOUND,
        "CROSSING_NOT_FOUND",
    )
