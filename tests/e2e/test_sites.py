"""Somebody who works at one site, through the gateway: their cameras and counts, live and stored, and no others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import grpc
import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.analytics.v1 import (
    analytics_pb2,
    analytics_service_pb2,
    analytics_service_pb2_grpc,
)
from tally.api.auth.v1 import (
    auth_service_pb2,
    auth_service_pb2_grpc,
    role_pb2,
    user_pb2,
    user_service_pb2,
    user_service_pb2_grpc,
)
from tally.api.camera.v1 import (
    camera_pb2,
    site_pb2,
    site_service_pb2,
    site_service_pb2_grpc,
    stream_pb2,
)
from tally.api.realtime.v1 import realtime_service_pb2, realtime_service_pb2_grpc
from tally.kernel.clock import utc_now
from tally.kernel.grpc.client import connect
from tally.stack.mesh import Mesh
from tests.component.camera.calls import Cameras
from tests.e2e.pool import Pool
from tests.e2e.square import square
from tests.meshes import Bearer
from tests.passwords import GIVEN, choose_password
from tests.refusals import refused

pytestmark = pytest.mark.asyncio(loop_scope="session")

TIME_ZONE = "Asia/Kolkata"
EMAIL, PASSWORD = "north@example.org", "a battery of horses"


async def a_site(channel: grpc.aio.Channel, name: str) -> str:
    """The id of a new site."""
    site = site_pb2.Site(name=name, time_zone=TIME_ZONE)
    request = site_service_pb2.CreateSiteRequest(site=site)
    return (await site_service_pb2_grpc.SiteServiceStub(channel).CreateSite(request)).site.id


async def operators_token(channel: grpc.aio.Channel, gateway: str, site_id: str) -> str:
    """An access token of somebody who operates the north."""
    user = user_pb2.User(
        email=EMAIL,
        display_name="North",
        role_bindings=[role_pb2.RoleBinding(role_id="operator", site_ids=[site_id])],
    )
    await user_service_pb2_grpc.UserServiceStub(channel).CreateUser(
        user_service_pb2.CreateUserRequest(user=user, password=GIVEN)
    )
    async with connect(gateway) as public:
        await choose_password(public, EMAIL, GIVEN, PASSWORD)
        answer = await auth_service_pb2_grpc.AuthServiceStub(public).Login(
            auth_service_pb2.LoginRequest(email=EMAIL, password=PASSWORD)
        )
    return answer.tokens.access_token


@asynccontextmanager
async def counted(cameras: Cameras, name: str, site_id: str) -> AsyncIterator[camera_pb2.Camera]:
    wanted = square(name, "demo://plaza?walkers=30")
    wanted.site_id = site_id
    created = await cameras.create(wanted)
    try:
        yield await cameras.activate(created.id)
    finally:
        await cameras.delete(created.id)


async def live(channel: grpc.aio.Channel, count: int) -> set[str]:
    """The cameras of the next live counts."""
    call = realtime_service_pb2_grpc.RealtimeServiceStub(channel).Subscribe(
        realtime_service_pb2.SubscribeRequest()
    )
    found: list[str] = []
    try:
        async with asyncio.timeout(60):
            async for message in call:
                if message.HasField("counts"):
                    found.append(message.counts.camera_id)
                if len(found) == count:
                    break
    finally:
        call.cancel()
    return set(found)


async def stored(channel: grpc.aio.Channel) -> set[str]:
    """The cameras of which there are stored counts, by the clocks of their sites."""
    start, end = Timestamp(), Timestamp()
    start.FromDatetime(utc_now() - timedelta(days=1))
    end.FromDatetime(utc_now() + timedelta(days=1))
    request = analytics_service_pb2.QueryLineCountsRequest(
        start_time=start, end_time=end, granularity=analytics_pb2.GRANULARITY_DAY
    )
    stub = analytics_service_pb2_grpc.AnalyticsServiceStub(channel)
    counts = (await stub.QueryLineCounts(request)).counts
    return {count.camera_id for count in counts if count.time_zone == TIME_ZONE}


async def test_an_operator_of_one_site_meets_that_site_alone(
    mesh: Mesh, channel: grpc.aio.Channel, cameras: Cameras, pool: Pool
) -> None:
    north_site, south_site = await a_site(channel, "North"), await a_site(channel, "South")
    token = await operators_token(channel, mesh.gateway, north_site)
    async with (
        connect(mesh.gateway, credentials=Bearer(token)) as own,
        counted(cameras, "North gate", north_site) as north,
        counted(cameras, "South gate", south_site) as south,
    ):
        for camera in (north, south):
            await pool.reaches(camera.id, stream_pb2.STREAM_STATE_STREAMING)
        assert await live(channel, 8) >= {north.id, south.id}
        assert await live(own, 4) == {north.id}
        async with asyncio.timeout(60):
            while not await stored(channel) >= {north.id, south.id}:
                await asyncio.sleep(0.2)
            while await stored(own) != {north.id}:
                await asyncio.sleep(0.2)

        shown = (await Cameras(own).list()).cameras
        assert [camera.id for camera in shown] == [north.id]
        request = site_service_pb2.ListSitesRequest()
        sites = await site_service_pb2_grpc.SiteServiceStub(own).ListSites(request)
        assert [site.id for site in sites.sites] == [north_site]
        status, _ = await refused(Cameras(own).get(south.id))
        assert status is grpc.StatusCode.NOT_FOUND
        async with httpx.AsyncClient(
            base_url=f"http://{mesh.gateway}", headers={"authorization": f"Bearer {token}"}
        ) as rest:
            assert (await rest.get(f"/api/v1/cameras/{north.id}")).status_code == 200
            assert (await rest.get(f"/api/v1/cameras/{south.id}")).status_code == 404
            assert (await rest.delete(f"/api/v1/cameras/{north.id}")).status_code == 403
            assert (await rest.get("/api/v1/workers")).status_code == 403
