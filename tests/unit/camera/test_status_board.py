"""Whoever watches is told what is otherwise than before."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from tally.camera.application.status_board import StatusBoard, StatusChange
from tally.camera.domain.model import CameraState
from tally.camera.domain.status import CameraStatus, Interest
from tally.kernel.errors import Unavailable
from tally.kernel.process import background

DOOR = CameraStatus("1", "door", "north", CameraState.ACTIVE, None)
GATE = CameraStatus("2", "gate", "south", CameraState.INACTIVE, None)


class Cameras:
    """How cameras do, and how often somebody looked."""

    def __init__(self) -> None:
        self.now: list[CameraStatus] | Unavailable = [DOOR, GATE]
        self.looks = 0

    async def look(self) -> Sequence[CameraStatus]:
        self.looks += 1
        if isinstance(self.now, Unavailable):
            raise self.now
        return list(self.now)


@asynccontextmanager
async def watching(
    cameras: Cameras, interest: Interest | None = None, heartbeat_s: float = 10.0
) -> AsyncIterator[AsyncGenerator[StatusChange, None]]:
    board = StatusBoard(cameras.look, period_s=0.001, heartbeat_s=heartbeat_s)
    async with background(board.run()), aclosing(board.watch(interest or Interest())) as changes:
        yield changes


async def test_everything_comes_first_and_then_what_changes() -> None:
    cameras = Cameras()
    async with watching(cameras) as changes:
        assert await anext(changes) == StatusChange([DOOR, GATE], [])
        renamed = replace(GATE, name="back gate")
        cameras.now = [DOOR, renamed]
        assert await anext(changes) == StatusChange([renamed], [])
        cameras.now = [renamed]
        assert await anext(changes) == StatusChange([], ["1"])


async def test_a_camera_that_moves_away_is_gone_and_one_that_comes_is_told() -> None:
    cameras = Cameras()
    async with watching(cameras, Interest(sites=frozenset({"north"}))) as changes:
        assert await anext(changes) == StatusChange([DOOR], [])
        cameras.now = [replace(DOOR, site_id="south"), replace(GATE, site_id="north")]
        assert await anext(changes) == StatusChange([replace(GATE, site_id="north")], ["1"])


async def test_only_the_cameras_asked_for_are_told_of() -> None:
    async with watching(Cameras(), Interest(frozenset({"2"}))) as changes:
        assert await anext(changes) == StatusChange([GATE], [])


async def test_whoever_sees_nothing_is_told_so() -> None:
    async with watching(Cameras(), Interest(sites=frozenset())) as changes:
        assert await anext(changes) == StatusChange([], [])


async def test_who_reads_slowly_is_told_the_latest() -> None:
    cameras = Cameras()
    async with watching(cameras) as changes:
        await anext(changes)
        for name in ("a", "b", "c"):
            cameras.now = [replace(DOOR, name=name), GATE]
            seen = cameras.looks
            while cameras.looks < seen + 2:
                await asyncio.sleep(0.001)
        assert await anext(changes) == StatusChange([replace(DOOR, name="c")], [])


async def test_silence_is_told() -> None:
    async with watching(Cameras(), heartbeat_s=0.01) as changes:
        await anext(changes)
        assert await anext(changes) == StatusChange()


async def test_watchers_are_sent_away_while_nothing_is_known_and_welcome_again() -> None:
    cameras = Cameras()
    board = StatusBoard(cameras.look, period_s=0.001)
    async with background(board.run()):
        async with aclosing(board.watch(Interest())) as changes:
            await anext(changes)
            cameras.now = Unavailable("the database went away")
            with pytest.raises(Unavailable):
                await anext(changes)
        cameras.now = [GATE]
        async with aclosing(board.watch(Interest())) as changes:
            assert await anext(changes) == StatusChange([GATE], [])


async def test_while_nobody_watches_nobody_looks() -> None:
    cameras = Cameras()
    board = StatusBoard(cameras.look, period_s=0.001)
    async with background(board.run()):
        async with aclosing(board.watch(Interest())) as changes:
            await anext(changes)
        await asyncio.sleep(0.01)
        looks = cameras.looks
        await asyncio.sleep(0.01)
        assert cameras.looks == looks
        cameras.now = [DOOR]
        async with aclosing(board.watch(Interest())) as changes:
            assert await anext(changes) == StatusChange([DOOR], [])
