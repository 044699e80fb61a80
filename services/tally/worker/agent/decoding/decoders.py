"""The decoder processes of a worker, and which camera is in which."""

import asyncio
from functools import partial

from tally.worker.agent.decoding.process import DecoderProcess
from tally.worker.agent.decoding.stream import DecodedStream, Opening

GROUP = 4
"""Cameras in one process: fewer cost memory (each has a Python of its own), more fall together."""
PROBATION_S = 600.0


class Decoders:
    """Opens sources in processes that each read a few cameras.

    When a process dies, nobody knows which of its cameras killed it. So each of them gets a process to itself from
    then on, until one has lasted for `PROBATION_S` seconds.

    Args:
        group: How many cameras share a process.
    """

    def __init__(self, *, group: int = GROUP) -> None:
        self._group = group
        self._processes: list[DecoderProcess] = []
        self._suspects: set[str] = set()

    @property
    def processes(self) -> list[DecoderProcess]:
        """Those that run."""
        return [process for process in self._processes if process.alive]

    async def open(self, camera_id: str, opening: Opening) -> DecodedStream:
        """Open a camera's source; its process is started if need be.

        Args:
            camera_id: The camera, which must not be open yet.
            opening: Opens the source; called in the process.

        Raises:
            SourceError: The source cannot be opened, or its process died.
            OSError: No process can be started.
        """
        process = self._process_for(camera_id)
        process.cameras.add(camera_id)
        release = partial(self._leave, process, camera_id)
        try:
            stream = await process.stream(release)
        except BaseException:
            release()
            raise
        try:
            await stream.open(opening)
        except BaseException:
            await stream.stop()
            raise
        return stream

    async def close(self) -> None:
        """End all processes; streams that are still open break off."""
        for process in self._processes:
            process.tell_to_end()
        await asyncio.gather(*(process.ended() for process in self._processes))

    def _process_for(self, camera_id: str) -> DecoderProcess:
        for process in self._processes:
            self._suspects |= process.victims
        self._processes = [process for process in self._processes if not process.over]
        alone = camera_id in self._suspects
        for process in self.processes:
            if not alone and len(process.cameras) < process.capacity == self._group:
                return process
        process = DecoderProcess(1 if alone else self._group)
        self._processes.append(process)
        return process

    def _leave(self, process: DecoderProcess, camera_id: str) -> None:
        process.cameras.discard(camera_id)
        if process.capacity == 1 and process.alive and process.age_s > PROBATION_S:
            self._suspects.discard(camera_id)
        if not process.cameras:
            process.tell_to_end()
