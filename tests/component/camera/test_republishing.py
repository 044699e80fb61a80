"""What the camera context told is told again when the NATS server has lost it."""

import asyncio
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.bus import CAMERA, Bus, tail
from tally.kernel.bus.tail import extent
from tally.kernel.grpc.client import connect
from tally.stack.folder import DataFolder
from tally.stack.nats import NatsServer
from tests.callers import Anybody
from tests.component.camera.calls import Cameras, Sites, a_camera, a_site


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(DataFolder(tmp_path))
    await server.start()
    yield server
    await server.stop()


async def told(bus: Bus, count: int) -> dict[str, list[tuple[str, str, int]]]:
    """Id, type and version of the first `count` events, by what they are about."""
    found: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    async with asyncio.timeout(20):
        while (await extent(bus, CAMERA)).last < count:
            await asyncio.sleep(0.05)
        async for tailed in tail(bus, CAMERA, 0):
            event = tailed.envelope
            found[event.subject].append((event.id, event.type, event.version))
            if sum(map(len, found.values())) == count:
                break
    return dict(found)


async def test_a_lost_stream_is_filled_again(
    server: NatsServer, database_dsn: str, tmp_path: Path
) -> None:
    settings = CameraSettings(
        listen="127.0.0.1:0",
        database_url=SecretStr(database_dsn),
        nats_url=SecretStr(server.url("camera")),
        shutdown_grace_s=0.2,
    )
    async with (
        camera_server(settings, authenticator=Anybody()) as running,
        connect(running.address) as channel,
    ):
        cameras = Cameras(channel)
        await Sites(channel).create(a_site("North"))
        made = [await cameras.create(a_camera(name)) for name in ("a", "b")]
        await cameras.activate(made[0].id)
        async with Bus.connect(server.url("stack"), name="before") as bus:
            before = await told(bus, 4)
        await server.stop()
        await cameras.activate(made[1].id)
        shutil.rmtree(tmp_path / "nats")
        await server.start()
        async with Bus.connect(server.url("stack"), name="after") as bus:
            after = await told(bus, 5)
            assert (await extent(bus, CAMERA)).last == 5
    assert {id_: events[: len(before[id_])] for id_, events in after.items()} == before
    assert [version for *_, version in after[made[1].id]] == [1, 2]
