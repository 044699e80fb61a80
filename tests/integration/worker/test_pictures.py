"""Pictures of crossings go to NATS when it is there, and are nobody's trouble when it is not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from tally.kernel.bus import PICTURES, Bus, look_up
from tally.kernel.clock import utc_now
from tally.kernel.process import background
from tally.stack.folder import DataFolder
from tally.stack.nats import NatsServer
from tally.worker.agent.crossing_pictures import CrossingPicture
from tally.worker.agent.picture_post import WAITING, PicturePost
from tally.worker.agent.privacy import NOTHING_HIDDEN, WHOLE
from tests.unit.worker.agent.scenes import WalkDetector

CAMERA_ID = "plaza"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(DataFolder(tmp_path))
    yield server
    await server.stop()


def picture(
    number: int, *, kept: timedelta = timedelta(hours=1), detector: WalkDetector | None = None
) -> CrossingPicture:
    return CrossingPicture(
        CAMERA_ID,
        f"crossing-{number}",
        "person",
        np.full((120, 80, 3), 128, np.uint8),
        np.array([0.3, 0.3, 0.7, 0.9], np.float32),
        np.empty((0, 4), np.float32),
        WHOLE,
        NOTHING_HIDDEN,
        detector or WalkDetector(stateful=True),
        utc_now() + kept,
    )


async def stored(bus: Bus, number: int) -> bytes | None:
    return await look_up(bus, PICTURES, PICTURES.subject(CAMERA_ID, f"crossing-{number}"))


async def arrives(bus: Bus, number: int) -> bytes:
    async with asyncio.timeout(20):
        while (jpeg := await stored(bus, number)) is None:
            await asyncio.sleep(0.02)
    return jpeg


async def test_the_newest_wait_for_nats_and_the_oldest_are_lost(server: NatsServer) -> None:
    post = PicturePost(server.url("agent"), "agent test")
    async with background(post.run()):
        for number in range(2 * WAITING):
            post.send(picture(number))
        await server.start()
        async with Bus.connect(server.url("stack"), name="test") as bus:
            jpeg = await arrives(bus, 2 * WAITING - 1)
            decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert decoded is not None
            assert decoded.shape == (120, 80, 3)
            there = [await stored(bus, number) is not None for number in range(2 * WAITING)]
    assert there == [False] * WAITING + [True] * WAITING


async def test_what_cannot_be_sent_holds_up_nothing_else(server: NatsServer) -> None:
    await server.start()
    post = PicturePost(server.url("agent"), "agent test")
    silent = WalkDetector(fails=lambda call: True)
    async with background(post.run()), Bus.connect(server.url("stack"), name="test") as bus:
        post.send(picture(1, detector=silent))
        post.send(picture(2, kept=timedelta(seconds=-1)))
        post.send(picture(3))
        await arrives(bus, 3)
        assert (await stored(bus, 1), await stored(bus, 2)) == (None, None)
