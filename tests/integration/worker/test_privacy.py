"""What a camera hides is not in the pictures that its worker sends, whatever it is asked for."""

import asyncio
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

import cv2
import numpy as np

from tally.api.camera.v1 import stream_pb2
from tally.api.camera.v1.snapshot_pb2 import Snapshot
from tally.api.counting.v1 import geometry_pb2
from tally.api.worker.v1.requests_pb2 import SnapshotReply, SnapshotRequest
from tally.kernel.bus import Bus, NobodyListens, ask, request_subject
from tally.kernel.grpc.server import RunningServer
from tally.worker.agent.sources import Image, Pace, open_source
from tally.worker.agent.sources.demo.source import SCENE_BEGAN
from tests.integration.worker.test_agent import SLOW_SCENE, activate, agent

RIGHT = [geometry_pb2.Point(x=x, y=y) for x, y in ((0.75, 0), (1, 0), (1, 1), (0.75, 1))]
EDGE = 240
"""Where the right quarter begins, in pixels of a picture that is 320 wide."""
JPEG_BLOCK = 16
FPS = 5
"""Of the scene."""


def pixels(snapshot: Snapshot) -> Image:
    image = cv2.imdecode(np.frombuffer(snapshot.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


async def seen(bus: Bus, camera_id: str) -> Snapshot:
    """The camera's picture, for somebody who may see everything; waits until there is one."""
    request = SnapshotRequest(camera_id=camera_id, show_people=True, max_width=320)
    subject = request_subject("worker", "v1", "snapshot", camera_id)
    async with asyncio.timeout(40):
        while True:
            try:
                reply = await ask(bus, subject, request, SnapshotReply, 10)
            except NobodyListens:
                pass
            else:
                if reply.HasField("snapshot"):
                    return reply.snapshot
            await asyncio.sleep(0.05)


def altered(snapshot: Snapshot) -> float:
    """The share of the picture's left three quarters that is otherwise than the scene was at that moment."""
    index = round((snapshot.capture_time.ToDatetime(UTC) - SCENE_BEGAN).total_seconds() * FPS)
    source = open_source(f"{SLOW_SCENE}&start={index}&frames=1", pace=Pace.AS_FAST_AS_POSSIBLE)
    [scene] = [frame.image for frame in source.frames()]
    shown, was = (
        cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[:, : EDGE - JPEG_BLOCK].astype(np.int16)
        for image in (pixels(snapshot), scene)
    )
    return float((np.abs(shown - was) > 40).mean())


async def test_nobody_sees_what_a_camera_hides(
    pool: RunningServer, bus: Bus, agent_environment: Mapping[str, str], tmp_path: Path
) -> None:
    privacy = geometry_pb2.Privacy(
        hide_people=geometry_pb2.HIDE_PEOPLE_ALWAYS,
        areas=[geometry_pb2.PrivacyArea(polygon=RIGHT)],
    )
    async with agent(agent_environment, tmp_path / "agent.log"):
        plain = await activate(bus, SLOW_SCENE, stream_pb2.PACE_REALTIME)
        private = await activate(bus, SLOW_SCENE, stream_pb2.PACE_REALTIME, privacy)
        shown = await seen(bus, plain)
        assert not shown.people_hidden
        assert altered(shown) < 0.0005
        async with asyncio.timeout(40):  # until the detector knows the ground from who moves on it
            while altered(hidden := await seen(bus, private)) < 0.005:
                assert hidden.people_hidden
        assert pixels(hidden)[:, EDGE + JPEG_BLOCK :].max() < 10
        assert pixels(shown)[:, EDGE + JPEG_BLOCK :].mean() > 50
