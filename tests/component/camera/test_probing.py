"""Streams are probed by a worker of their site, and only for callers who may act there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from unittest.mock import ANY

import grpc
import pytest
from pydantic import SecretStr

from tally.api.camera.v1 import probe_pb2, stream_pb2
from tally.api.camera.v1 import stream_service_pb2 as messages
from tally.api.camera.v1.discovery_pb2 import DescribedDevice, DeviceDescription, DiscoveredDevice
from tally.api.camera.v1.stream_service_pb2_grpc import StreamServiceStub
from tally.api.counting.v1 import geometry_pb2
from tally.api.worker.v1.requests_pb2 import (
    DescribeReply,
    DescribeRequest,
    DiscoverReply,
    DiscoverRequest,
    ProbeReply,
    ProbeRequest,
)
from tally.camera.adapters import workers
from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.bus import Bus, Responder, request_subject
from tally.kernel.grpc.client import connect
from tally.kernel.sealing import KeyRing
from tally.kernel.stream_address import credentials_purpose
from tally.stack.nats import NatsServer
from tests.callers import Keeper
from tests.component.camera.calls import UNKNOWN_ID, Cameras, a_camera
from tests.listening import settle
from tests.refusals import refused, violated

KEY = "one:" + "k" * 32
YARD = "rtsp://10.0.0.7/yard"
SITE, OTHER_SITE = "0190a5b2-0000-7000-8000-00000000000a", "0190a5b2-0000-7000-8000-00000000000b"
FOUND = probe_pb2.StreamProbe(stream=probe_pb2.ProbedStream(codec="h264", width=640, height=360))
GUEST = stream_pb2.StreamCredentials(username="guest", password="secret")


@pytest.fixture
def settings(settings: CameraSettings) -> CameraSettings:
    return settings.model_copy(update={"stream_keys": SecretStr(KEY)})


@pytest.fixture
async def agent(nats_server: NatsServer, nats_url: str) -> AsyncIterator[Bus]:
    """A worker's connection to NATS."""
    async with Bus.connect(nats_server.url("agent"), name="agent") as bus:
        yield bus


@asynccontextmanager
async def worker(agent: Bus, *site: str) -> AsyncIterator[list[ProbeRequest]]:
    """A worker that finds every stream playing, and what it was asked."""
    asked: list[ProbeRequest] = []

    async def probe(request: ProbeRequest) -> ProbeReply:
        asked.append(request)
        return ProbeReply(probe=FOUND)

    async with aclosing(Responder(agent, "workers", ProbeRequest, probe, limit=2)) as responder:
        await responder.listen({request_subject("worker", "v1", "probe", *site)})
        await settle(agent)
        yield asked


def of_uri(uri: str = YARD, site_id: str = "") -> messages.ProbeStreamRequest:
    stream = stream_pb2.Stream(uri=uri, credentials=GUEST)
    return messages.ProbeStreamRequest(stream=stream, site_id=site_id)


def secret_of(request: ProbeRequest | DescribeRequest) -> stream_pb2.StreamCredentials:
    address = request.uri if isinstance(request, ProbeRequest) else request.address
    purpose = credentials_purpose(request.sealed_for, address)
    opened = KeyRing.parse(KEY).open(request.sealed_credentials, purpose)
    return stream_pb2.StreamCredentials.FromString(opened)


async def test_a_worker_of_the_site_looks_and_credentials_travel_sealed(
    channel: grpc.aio.Channel, agent: Bus
) -> None:
    streams = StreamServiceStub(channel)
    async with worker(agent, SITE) as asked, worker(agent) as others_asked:
        assert (await streams.ProbeStream(of_uri(site_id=SITE))).probe == FOUND
        assert (len(asked), len(others_asked)) == (1, 0)
        assert b"secret" not in asked[0].SerializeToString()
        assert secret_of(asked[0]) == GUEST
        await streams.ProbeStream(of_uri(site_id=OTHER_SITE))
        await streams.ProbeStream(of_uri())
        assert (len(asked), len(others_asked)) == (1, 2)


async def test_a_camera_is_probed_with_what_it_has(channel: grpc.aio.Channel, agent: Bus) -> None:
    wanted = a_camera()
    wanted.stream.uri = YARD
    wanted.stream.credentials.CopyFrom(GUEST)
    wanted.counting.privacy.hide_people = geometry_pb2.HIDE_PEOPLE_ALWAYS
    camera = await Cameras(channel).create(wanted)
    async with worker(agent) as asked:
        answer = await StreamServiceStub(channel).ProbeStream(
            messages.ProbeStreamRequest(camera_id=camera.id)
        )
    assert answer.probe == FOUND
    assert (asked[0].uri, asked[0].sealed_for) == (YARD, camera.id)
    assert asked[0].privacy == wanted.counting.privacy
    assert secret_of(asked[0]) == GUEST


async def test_without_a_worker_that_is_said_at_once(channel: grpc.aio.Channel, agent: Bus) -> None:
    streams = StreamServiceStub(channel)
    async with worker(agent, OTHER_SITE), asyncio.timeout(5):
        for site_id in ("", SITE):
            assert await refused(streams.ProbeStream(of_uri(site_id=site_id))) == (
                grpc.StatusCode.UNAVAILABLE,
                "NO_WORKER",
            )


async def test_a_worker_of_the_site_searches_its_network(
    settings: CameraSettings, agent: Bus
) -> None:
    device = DiscoveredDevice(id="urn:uuid:1", address="http://10.0.0.7/onvif", name="Yard")

    async def search(request: DiscoverRequest) -> DiscoverReply:
        return DiscoverReply(devices=[device])

    keeper = Keeper({"camera:write": frozenset({SITE})})
    async with (
        aclosing(Responder(agent, "workers", DiscoverRequest, search, limit=1)) as responder,
        camera_server(settings, authenticator=keeper) as server,
        connect(server.address) as channel,
    ):
        await responder.listen({request_subject("worker", "v1", "discover", SITE)})
        await settle(agent)
        streams = StreamServiceStub(channel)
        there = messages.DiscoverCamerasRequest(site_id=SITE)
        assert list((await streams.DiscoverCameras(there)).devices) == [device]
        elsewhere = messages.DiscoverCamerasRequest(site_id=OTHER_SITE)
        assert await refused(streams.DiscoverCameras(elsewhere)) == (
            grpc.StatusCode.PERMISSION_DENIED,
            "SITE_FORBIDDEN",
        )


async def test_a_worker_of_the_site_asks_a_device_and_credentials_travel_sealed(
    settings: CameraSettings, agent: Bus
) -> None:
    asked: list[DescribeRequest] = []
    told = DeviceDescription(device=DescribedDevice(model="IPC-2"))

    async def describe(request: DescribeRequest) -> DescribeReply:
        asked.append(request)
        return DescribeReply(description=told)

    keeper = Keeper({"camera:write": frozenset({SITE})})
    device = messages.DescribeDeviceRequest(
        address="http://10.0.0.7/onvif/device_service", credentials=GUEST, site_id=SITE
    )
    async with (
        aclosing(Responder(agent, "workers", DescribeRequest, describe, limit=1)) as responder,
        camera_server(settings, authenticator=keeper) as server,
        connect(server.address) as channel,
    ):
        await responder.listen({request_subject("worker", "v1", "describe", SITE)})
        await settle(agent)
        streams = StreamServiceStub(channel)
        assert (await streams.DescribeDevice(device)).description == told
        assert b"secret" not in asked[0].SerializeToString()
        assert secret_of(asked[0]) == GUEST
        device.site_id = OTHER_SITE
        assert await refused(streams.DescribeDevice(device)) == (
            grpc.StatusCode.PERMISSION_DENIED,
            "SITE_FORBIDDEN",
        )
        for address in ("http://169.254.169.254/x", "rtsp://10.0.0.7/x", "x"):
            wrong = messages.DescribeDeviceRequest(address=address, site_id=SITE)
            assert await violated(streams.DescribeDevice(wrong)) == {"address": ANY}


async def test_a_silent_worker_is_given_up(
    channel: grpc.aio.Channel, agent: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "LOOK_S", 0.2)

    async def never(request: ProbeRequest) -> ProbeReply:
        await asyncio.Event().wait()
        return ProbeReply()

    async with aclosing(Responder(agent, "workers", ProbeRequest, never, limit=2)) as responder:
        await responder.listen({request_subject("worker", "v1", "probe")})
        await settle(agent)
        call = StreamServiceStub(channel).ProbeStream(of_uri())
        assert await refused(call) == (grpc.StatusCode.UNAVAILABLE, "WORKER_SILENT")


@pytest.mark.parametrize("uri", ["rtsp://guest:secret@10.0.0.7/yard", "rtsp://169.254.1.1/x", "x"])
async def test_no_worker_is_asked_about_what_no_camera_may_have(
    channel: grpc.aio.Channel, uri: str
) -> None:
    assert await violated(StreamServiceStub(channel).ProbeStream(of_uri(uri))) == {
        "stream.uri": ANY
    }


async def test_callers_of_one_site_probe_there_alone(settings: CameraSettings, agent: Bus) -> None:
    keeper = Keeper({"camera:write": frozenset({SITE})})
    async with (
        camera_server(settings, authenticator=keeper) as server,
        connect(server.address) as channel,
        worker(agent, SITE),
        worker(agent),
    ):
        streams = StreamServiceStub(channel)
        assert (await streams.ProbeStream(of_uri(site_id=SITE))).probe == FOUND
        for site_id in ("", OTHER_SITE):
            assert await refused(streams.ProbeStream(of_uri(site_id=site_id))) == (
                grpc.StatusCode.PERMISSION_DENIED,
                "SITE_FORBIDDEN",
            )
        unseen = messages.ProbeStreamRequest(camera_id=UNKNOWN_ID)
        assert await refused(streams.ProbeStream(unseen)) == (
            grpc.StatusCode.NOT_FOUND,
            "CAMERA_NOT_FOUND",
        )
