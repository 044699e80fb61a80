"""Reads what a worker has put onto its disk, whether or not it has been sent."""

import asyncio
import json
from contextlib import closing
from pathlib import Path

from tally.api.counting.v1 import events_pb2
from tally.kernel.bus import Envelope
from tally.worker.agent.spool.segment import Segment
from tests.meshes import until


class Journal:
    """All records of a spool. Tests are too short for it to delete any."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def records(self, camera_id: str) -> list[events_pb2.CountsRecorded]:
        """Everything that was recorded of a camera, in the order of writing."""
        starts = Segment.starts(self._folder)
        assert starts[:1] == [0], "the beginning of the spool has been deleted"
        found = []
        for start in starts:
            with closing(Segment(self._folder, start)) as segment:
                for payload, _ in segment.read(start):
                    headers, _, content = payload.partition(b"\n")
                    record = Envelope.parse(json.loads(headers), content).message()
                    assert isinstance(record, events_pb2.CountsRecorded)
                    if record.camera_id == camera_id:
                        found.append(record)
        return found

    async def grows(self, *camera_ids: str, by: int = 3) -> None:
        """Wait until so many more records of each camera have been written."""

        async def one(camera_id: str) -> None:
            enough = len(self.records(camera_id)) + by
            await until(lambda: len(self.records(camera_id)) >= enough)

        await asyncio.gather(*map(one, camera_ids))
