"""What the camera context tells others, and what it hears from them, over real NATS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.protobuf.message import Message

from tally.api.camera.v1 import camera_pb2, events_pb2, site_events_pb2, site_pb2, stream_pb2
from tally.api.worker.v1 import events_pb2 as worker_events_pb2
from tally.kernel.bus import WORKER, Bus, Envelope
from tally.kernel.grpc.server import RunningServer
from tally.kernel.ids import new_id
from tests.component.camera.calls import Cameras, Sites, a_camera, a_site
from tests.refusals import refused

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def cameras(channel: grpc.aio.Channel) -> Cameras:
    return Cameras(channel)


@pytest.fixture
async def bus(server: RunningServer, nats_url: str) -> AsyncIterator[Bus]:
    async with Bus.connect(nats_url, name="test") as bus:
        yield bus


async def heard(bus: Bus, count: int) -> list[tuple[str, Envelope]]:
    """Subject and content of the first `count` events in the CAMERA stream."""
    subscription = await bus.jetstream.subscribe("tally.camera.v1.>", ordered_consumer=True)
    messages = [await subscription.next_msg(timeout=10) for _ in range(count)]
    return [(raw.subject, Envelope.parse(raw.headers or {}, raw.data)) for raw in messages]


async def until(
    condition: Callable[[], Awaitable[bool]], what: str, within_s: float = 15.0
) -> None:
    try:
        async with asyncio.timeout(within_s):
            while not await condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"not within {within_s} s: {what}")


async def test_every_change_is_told_in_order(cameras: Cameras, bus: Bus) -> None:
    created = await cameras.create(a_camera("Plaza"))
    await cameras.activate(created.id)
    change = camera_pb2.Camera(id=created.id, name="Square")
    change.stream.uri = "rtsp://10.0.0.7/live"
    change.counting.detector = "yolox-nano"
    await cameras.update(change, "name", "stream.uri", "counting", "labels")
    await cameras.deactivate(created.id)
    await cameras.delete(created.id)
    told = await heard(bus, 8)
    expected: list[Message] = [
        events_pb2.CameraCreated(
            camera_id=created.id,
            name="Plaza",
            stream=created.stream,
            counting=created.counting,
            labels=created.labels,
        ),
        events_pb2.CameraActivated(camera_id=created.id),
        events_pb2.CameraRenamed(camera_id=created.id, name="Square"),
        events_pb2.CameraStreamChanged(
            camera_id=created.id,
            stream=stream_pb2.Stream(uri="rtsp://10.0.0.7/live", pace=created.stream.pace),
        ),
        events_pb2.CameraCountingChanged(camera_id=created.id, counting=change.counting),
        events_pb2.CameraLabelsChanged(camera_id=created.id),
        events_pb2.CameraDeactivated(camera_id=created.id),
        events_pb2.CameraDeleted(camera_id=created.id),
    ]
    assert [envelope.message() for _, envelope in told] == expected
    assert [subject for subject, _ in told] == [
        f"tally.camera.v1.{message.DESCRIPTOR.name}.{created.id}" for message in expected
    ]
    assert [envelope.version for _, envelope in told] == list(range(1, 9))
    assert {(envelope.source, envelope.subject) for _, envelope in told} == {
        ("tally/camera", created.id)
    }
    assert len({envelope.id for _, envelope in told}) == 8
    assert told[0][1].time == created.create_time.ToDatetime(UTC)


async def test_a_refused_change_is_not_told(cameras: Cameras, bus: Bus) -> None:
    first = await cameras.create(a_camera("Plaza"))
    with pytest.raises(grpc.aio.AioRpcError):
        await cameras.create(a_camera("Plaza"))
    with pytest.raises(grpc.aio.AioRpcError):
        await cameras.activate(first.id, "stale")
    last = await cameras.create(a_camera("Square"))
    told = await heard(bus, 2)
    assert [envelope.subject for _, envelope in told] == [first.id, last.id]


async def test_every_change_of_a_site_is_told(
    channel: grpc.aio.Channel, cameras: Cameras, bus: Bus
) -> None:
    sites = Sites(channel)
    created = await sites.create(a_site("North"))
    assert await refused(sites.create(a_site("North")))
    unchanged = await sites.update(created, "name")
    assert unchanged == created
    updated = await sites.update(site_pb2.Site(id=created.id, time_zone="UTC"), "time_zone")
    await sites.delete(created.id)
    last = await cameras.create()
    told = await heard(bus, 4)
    assert [envelope.message() for _, envelope in told[:3]] == [
        site_events_pb2.SiteCreated(site=created),
        site_events_pb2.SiteUpdated(site=updated),
        site_events_pb2.SiteDeleted(site_id=created.id),
    ]
    assert [subject for subject, _ in told[:3]] == [
        f"tally.camera.v1.{event}.{created.id}"
        for event in ("SiteCreated", "SiteUpdated", "SiteDeleted")
    ]
    assert [envelope.version for _, envelope in told] == [1, 2, 3, 1]
    assert told[3][1].subject == last.id


async def test_cameras_changed_at_once_are_each_told_in_order(cameras: Cameras, bus: Bus) -> None:
    made = await asyncio.gather(*(cameras.create() for _ in range(5)))

    async def live(camera_id: str) -> None:
        for _ in range(3):
            await cameras.activate(camera_id)
            await cameras.deactivate(camera_id)

    await asyncio.gather(*(live(camera.id) for camera in made))
    told = await heard(bus, 5 * 7)
    for camera in made:
        versions = [envelope.version for _, envelope in told if envelope.subject == camera.id]
        assert versions == list(range(1, 8))


def said(
    camera_id: str,
    state: stream_pb2.StreamState.ValueType,
    *,
    epoch: int = 1,
    seconds: int = 0,
    reason: str = "",
) -> worker_events_pb2.StreamStateChanged:
    status = stream_pb2.StreamStatus(state=state, reason=reason, detector="motion")
    status.update_time.FromDatetime(NOON + timedelta(seconds=seconds))
    return worker_events_pb2.StreamStateChanged(camera_id=camera_id, epoch=epoch, status=status)


async def tell(bus: Bus, event: worker_events_pb2.StreamStateChanged) -> None:
    envelope = Envelope.of(
        event, id=new_id(), source="tally/worker", subject=event.camera_id, time=NOON
    )
    await bus.publish([(WORKER.subject("StreamStateChanged", event.camera_id), envelope)])


def shows(
    cameras: Cameras, event: worker_events_pb2.StreamStateChanged
) -> Callable[[], Awaitable[bool]]:
    """Whether the camera shows the status that the event tells."""

    async def check() -> bool:
        return (await cameras.get(event.camera_id)).stream_status == event.status

    return check


async def test_a_dead_stream_is_shown_with_its_reason(cameras: Cameras, bus: Bus) -> None:
    active = await cameras.activate((await cameras.create()).id)
    dead = said(active.id, stream_pb2.STREAM_STATE_UNREACHABLE, reason="no route to 10.0.0.7")
    await tell(bus, dead)
    await until(shows(cameras, dead), "the camera is unreachable")
    shown = await cameras.get(active.id)
    assert shown.stream_status.reason == "no route to 10.0.0.7"
    assert shown.etag == active.etag
    assert (await cameras.list()).cameras[0].stream_status == dead.status


async def test_what_comes_late_or_again_does_not_replace_what_is_newer(
    cameras: Cameras, bus: Bus
) -> None:
    active = await cameras.activate((await cameras.create()).id)
    newest = said(active.id, stream_pb2.STREAM_STATE_STREAMING, epoch=2, seconds=5)
    for event in (
        newest,
        said(active.id, stream_pb2.STREAM_STATE_CONNECTING, epoch=2, seconds=4),
        said(active.id, stream_pb2.STREAM_STATE_ENDED, epoch=1, seconds=9),
        newest,
    ):
        await tell(bus, event)
    other = await cameras.activate((await cameras.create()).id)
    last = said(other.id, stream_pb2.STREAM_STATE_STREAMING)
    await tell(bus, last)
    await until(shows(cameras, last), "the last event is handled")
    assert (await cameras.get(active.id)).stream_status == newest.status


async def test_a_camera_that_is_not_counted_shows_no_status(cameras: Cameras, bus: Bus) -> None:
    active = await cameras.activate((await cameras.create()).id)
    streaming = said(active.id, stream_pb2.STREAM_STATE_STREAMING)
    await tell(bus, streaming)
    await until(shows(cameras, streaming), "the camera streams")
    assert not (await cameras.deactivate(active.id)).HasField("stream_status")


async def test_an_event_that_makes_no_sense_is_put_aside_and_holds_up_nobody(
    cameras: Cameras, bus: Bus
) -> None:
    active = await cameras.activate((await cameras.create()).id)
    await tell(bus, said(active.id, stream_pb2.STREAM_STATE_UNSPECIFIED))
    await tell(bus, said("plaza", stream_pb2.STREAM_STATE_STREAMING))
    good = said(active.id, stream_pb2.STREAM_STATE_STREAMING)
    await tell(bus, good)
    await until(shows(cameras, good), "the camera streams")

    async def both_are_dead() -> bool:
        info = await bus.jetstream.stream_info("DEAD_LETTERS")
        return info.state.messages == 2

    await until(both_are_dead, "both events are among the dead letters", within_s=30)
