"""Requests find one of those who listen, and say clearly when there is no answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from tally.api.camera.v1.events_pb2 import CameraActivated, CameraRenamed
from tally.kernel.bus import Bus, NobodyListens, Responder, ask, request_subject
from tally.kernel.errors import DeadlineExceeded, FailedPrecondition, Unavailable
from tests.listening import settle

SUBJECT = request_subject("test", "v1", "rename", "one")
OTHER = request_subject("test", "v1", "rename", "two")
REQUEST = CameraActivated(camera_id="one")

Answer = Callable[[CameraActivated], Awaitable[CameraRenamed]]


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    async with Bus.connect(nats_url, name="test") as bus:
        yield bus


@asynccontextmanager
async def answering(
    bus: Bus, answer: Answer, *, limit: int = 8
) -> AsyncIterator[Responder[CameraActivated]]:
    responder = Responder(bus, "tests", CameraActivated, answer, limit=limit)
    async with aclosing(responder):
        await responder.listen({SUBJECT})
        await settle(bus)
        yield responder


async def called(request: CameraActivated) -> CameraRenamed:
    return CameraRenamed(camera_id=request.camera_id, name="answered")


async def rename(bus: Bus, subject: str = SUBJECT, timeout_s: float = 5.0) -> CameraRenamed:
    return await ask(bus, subject, REQUEST, CameraRenamed, timeout_s)


async def test_one_of_those_who_listen_answers(bus: Bus, nats_url: str) -> None:
    asked: list[str] = []

    async def note(request: CameraActivated) -> CameraRenamed:
        asked.append(request.camera_id)
        return await called(request)

    async with (
        Bus.connect(nats_url, name="another") as another,
        answering(bus, note),
        answering(another, note),
    ):
        assert await rename(bus) == CameraRenamed(camera_id="one", name="answered")
        await settle(another)
    assert asked == ["one"]


async def test_nobody_listens_where_nobody_does_or_no_longer_does(bus: Bus) -> None:
    async with answering(bus, called) as responder:
        with pytest.raises(NobodyListens):
            await rename(bus, OTHER)
        await responder.listen({OTHER})
        assert (await rename(bus, OTHER)).name == "answered"
        with pytest.raises(NobodyListens):
            await rename(bus)


async def test_the_askers_time_is_kept(bus: Bus) -> None:
    async def never(request: CameraActivated) -> CameraRenamed:
        await asyncio.Event().wait()
        return CameraRenamed()

    async with answering(bus, never):
        with pytest.raises(DeadlineExceeded):
            await rename(bus, timeout_s=0.05)


async def test_failures_are_told_and_unknown_ones_without_detail(bus: Bus) -> None:
    async def refuse(request: CameraActivated) -> CameraRenamed:
        raise FailedPrecondition("no film\nin the caméra")

    async def fail(request: CameraActivated) -> CameraRenamed:
        raise ValueError("a secret")

    async with answering(bus, refuse):
        with pytest.raises(Unavailable, match=r"no film in the cam\?ra"):
            await rename(bus)
    async with answering(bus, fail):
        with pytest.raises(Unavailable) as caught:
            await rename(bus)
    assert "secret" not in str(caught.value)


async def test_no_more_are_answered_at_once_than_agreed(bus: Bus) -> None:
    first_asked, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(request: CameraActivated) -> CameraRenamed:
        first_asked.set()
        await go_on.wait()
        return await called(request)

    async with answering(bus, slowly, limit=1):
        first = asyncio.create_task(rename(bus))
        await first_asked.wait()
        with pytest.raises(Unavailable, match="too many"):
            await rename(bus)
        go_on.set()
        assert (await first).name == "answered"
        assert (await rename(bus)).name == "answered"
