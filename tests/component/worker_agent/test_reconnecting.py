"""A network camera whose connection breaks off while somebody walks across a line."""

import asyncio
from pathlib import Path

import numpy as np

from tally.api.counting.v1 import count_pb2
from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.counting import Detections
from tally.worker.agent.checkpoints import Checkpoints
from tally.worker.agent.reader import FrameReader, FrameStream
from tally.worker.agent.runner import CameraRunner, Surroundings
from tally.worker.agent.runs import EndedRecordings
from tally.worker.agent.sources import Image, open_source
from tally.worker.agent.task import CameraTask
from tests.component.worker_agent.mjpeg_server import MjpegServer
from tests.component.worker_agent.videos import number_of
from tests.unit.worker.agent.scenes import OneDetector, WalkDetector, settled, task

INTERVAL_S = 0.04
CONNECTION = 45
"""Pictures until the camera closes the connection: by then they have come to the line."""


class NumberDetector(WalkDetector):
    """Sees somebody whose feet go down a picture's height in 170 pictures."""

    async def look(self, frame: Image) -> Detections:
        foot = 0.25 + number_of(frame) / 170
        return Detections(
            np.array([[0.4, foot - 0.2, 0.5, foot]], np.float32),
            np.array([0.9], np.float32),
            np.array([1], np.int32),
        )


def came_down(records: list[CountsRecorded]) -> bool:
    """Whether somebody is in the zone below the line, and was before this record."""
    return any(record.occupancies[0].count and not record.visits for record in records)


async def watched(uri: str, folder: Path, reconnects: int) -> list[CountsRecorded]:
    """What a worker records until it has connected so often again, and somebody has come down the picture."""
    kept: dict[tuple[str, int], CountsRecorded] = {}

    async def keep(record: CountsRecorded) -> None:
        kept[record.run_id, record.sequence] = record

    async def opened(camera: CameraTask) -> FrameStream:
        reader = FrameReader(await asyncio.to_thread(open_source, camera.uri), drop=True)
        reader.start()
        return reader

    around = Surroundings(
        detectors=OneDetector(NumberDetector(stateful=True)),
        keep=keep,
        ended=EndedRecordings(folder / "ended"),
        checkpoints=Checkpoints(folder / "checkpoints"),
        open=opened,
        changed=lambda: None,
        send_picture=lambda picture: None,
    )
    runner = CameraRunner(task(uri=uri), around)
    runner.start()
    try:
        async with asyncio.timeout(20):
            while runner.status.reconnects < reconnects or not came_down(list(kept.values())):
                await asyncio.sleep(0.02)
    finally:
        await runner.stop()
    return list(kept.values())


async def test_who_crosses_while_it_is_away_is_counted_once(tmp_path: Path) -> None:
    with MjpegServer(frames=CONNECTION, interval_s=INTERVAL_S, goes_on=True) as camera:
        records = await watched(f"{camera.address}/stream", tmp_path, 1)
    assert len({record.run_id for record in records}) == 2
    assert settled(records) == [
        ("middle", 0, count_pb2.DIRECTION_IN),
        ("lower", 0, count_pb2.VISIT_KIND_ENTRY),
        ("lower", 0, count_pb2.VISIT_KIND_EXIT),
    ]
