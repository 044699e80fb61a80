"""The whole stack under a rain of SIGKILLs: afterwards the counts are those of an undisturbed run.

`python -m benchmarks chaos --minutes 10 --seed 1`. Recordings are counted and live cameras watched while one process
after the other is killed at random moments, whether or not the last one is back. At the end every recording must
have the counts of an undisturbed run; of live cameras, everything recorded must be stored once, and no run may have a
gap.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import grpc
import psutil
from sqlalchemy import Table, select

from benchmarks.accuracy.truth import VIDEO
from tally.analytics.adapters.store import PostgresCountsStore
from tally.analytics.adapters.tables import crossings, observations, visits
from tally.api.camera.v1 import stream_pb2
from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.kernel.database import Database
from tally.kernel.grpc.client import connect
from tally.stack.mesh import Mesh
from tally.worker.agent.detector import Detectors
from tally.worker.agent.recording import RecordingCount, count_recording
from tally.worker.agent.sources import Pace, open_source
from tally.worker.agent.video_writer import VideoWriter
from tests.component.camera.calls import Cameras
from tests.e2e.journal import Journal
from tests.e2e.pool import Pool
from tests.e2e.square import LINES, ZONES, square
from tests.meshes import administrators_token, healthy, mesh_in, until

DECODER = "decoder"
VICTIMS = (
    "agent", DECODER, "worker", "camera", "analytics", "realtime", "nats", "postgres", "triton",
)  # fmt: skip
PAUSES_S = (2.0, 15.0)
NEW_RECORDING_S = 45.0
"""A recording is begun so often; one is short enough to be read between two kills of the agent."""
CLIP_FRAMES = 225
LIVE = ("demo://plaza?walkers=30&width=320&height=180", "demo://plaza?seed=9&width=320&height=180")
RECOVERY_S = 300.0
LOGIN_S = 120.0
AWAY = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNAUTHENTICATED,
}
"""What a call meets while those that it needs are dead."""

T = TypeVar("T")


def main() -> None:
    """Kill, compare, print; the exit status tells whether everything was as it should be."""
    parser = argparse.ArgumentParser(prog="benchmarks chaos")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    options, _ = parser.parse_known_args()
    if problems := asyncio.run(_run(options.minutes, options.seed)):
        sys.exit("\n".join(problems))
    print("every count is as if nothing had been killed")


@dataclass
class Login:
    """A token that is fetched anew as long as anybody answers."""

    mesh: Mesh
    _token: str = ""
    _since: float = field(default=-LOGIN_S)

    async def token(self) -> str:
        """The newest that could be had."""
        if time.monotonic() - self._since > LOGIN_S:
            with suppress(grpc.aio.AioRpcError):
                self._token = await administrators_token(self.mesh.gateway, self.mesh.folder)
                self._since = time.monotonic()
        return self._token


async def _run(minutes: float, seed: int) -> list[str]:
    with tempfile.TemporaryDirectory() as scratch:
        files = _recordings(Path(scratch))
        async with (
            mesh_in(Path(scratch) / "mesh") as mesh,
            connect(mesh.gateway, credentials=Login(mesh)) as channel,
        ):
            chaos = Chaos(mesh, channel, files)
            await chaos.count_undisturbed()
            killed = await chaos.reign(minutes * 60, random.Random(seed))  # noqa: S311 - no secret
            print(f"seed {seed}, {minutes:g} min, load average {os.getloadavg()[0]:.1f}; killed:")
            print("  " + ", ".join(f"{name} {count}" for name, count in sorted(killed.items())))
            await chaos.settle()
            return await chaos.problems()


def _recordings(folder: Path) -> list[Path]:
    """A clip of the demo scene, and the real recording if it is there."""
    clip = folder / "clip.mp4"
    uri = f"demo://plaza?seed=5&frames={CLIP_FRAMES}&width=320&height=180"
    source = open_source(uri, pace=Pace.AS_FAST_AS_POSSIBLE)
    info = source.info
    with VideoWriter(clip, width=info.width, height=info.height, fps=info.fps or 15) as writer:
        for frame in source.frames():
            writer.write(frame.image, frame.time_s)
    data = os.environ.get("TALLY_TEST_DATA")
    return [clip, *([Path(shutil.copy(Path(data) / VIDEO, folder))] if data else [])]


class Chaos:
    """A mesh with cameras, and what is known of them."""

    def __init__(self, mesh: Mesh, channel: grpc.aio.Channel, files: list[Path]) -> None:
        self._mesh = mesh
        self._cameras = Cameras(channel)
        self._pool = Pool(channel)
        self._journal = Journal(mesh.folder.root / "spool")
        self._files = files
        self._truth: dict[Path, RecordingCount] = {}
        self._recorded: dict[str, Path] = {}
        self._live: list[str] = []
        self._database = Database(mesh.postgres.url("analytics"))

    async def count_undisturbed(self) -> None:
        """Count every file once while nothing is killed, and register the first cameras."""
        detectors = Detectors(self._mesh.triton.address)
        motion = await detectors.get("motion")
        for file in self._files:
            source = open_source(str(file), pace=Pace.AS_FAST_AS_POSSIBLE)
            self._truth[file] = await count_recording(source, motion, lines=LINES, zones=ZONES)
        await detectors.close()
        for number, uri in enumerate(LIVE):
            self._live.append(await self._register(f"Live {number}", uri))
        for file in self._files[1:]:
            self._recorded[await self._register(file.stem, file.as_uri())] = file

    async def reign(self, seconds: float, chance: random.Random) -> Counter[str]:
        """Kill until the time is over; tells who was killed how often."""
        killed: Counter[str] = Counter()
        registering = asyncio.create_task(self._keep_registering())
        end = time.monotonic() + seconds
        while (pause := chance.uniform(*PAUSES_S)) < end - time.monotonic():
            await asyncio.sleep(pause)
            for name in chance.sample(VICTIMS, chance.choice((1, 1, 2))):
                killed[name] += self._kill(name, chance)
        registering.cancel()
        await asyncio.gather(registering, return_exceptions=True)
        return killed

    async def settle(self) -> None:
        """Wait until all is well, every recording has been read, and everything recorded is stored."""
        await until(lambda: healthy(self._mesh), RECOVERY_S)
        await _until(self._all_ended)
        for camera_id in self._live:
            await _insistently(partial(self._cameras.deactivate, camera_id))
            await self._pool.drops(camera_id)
        for camera_id in (*self._recorded, *self._live):
            await _until(partial(self._all_stored, camera_id, self._sequences(camera_id)))

    async def problems(self) -> list[str]:
        """What is not as it should be; prints what is."""
        found = []
        for camera_id, file in self._recorded.items():
            found += await self._compare(camera_id, file)
        for camera_id in self._live:
            found += await self._check_live(camera_id)
        if wrong := await PostgresCountsStore(self._database).rebuild_rollups():
            found.append(f"{wrong} sums were not those of the stored rows")
        await self._database.close()
        return found

    def _kill(self, name: str, chance: random.Random) -> int:
        pid = self._mesh.part("agent" if name == DECODER else name).process.pid
        if pid is not None and name == DECODER:
            with suppress(psutil.NoSuchProcess):
                decoders = [
                    child.pid
                    for child in psutil.Process(pid).children(recursive=True)
                    if "tally.worker.agent.decoding" in child.cmdline()
                ]
                pid = chance.choice(decoders) if decoders else None
        if pid is None:
            return 0
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return 1

    async def _keep_registering(self) -> None:
        clip = self._files[0]
        while True:
            camera_id = await self._register(f"Clip {len(self._recorded)}", clip.as_uri())
            self._recorded[camera_id] = clip
            await asyncio.sleep(NEW_RECORDING_S)

    async def _register(self, name: str, uri: str) -> str:
        camera = square(name, uri)
        request_id = str(uuid4())
        created = await _insistently(lambda: self._cameras.create(camera, request_id))
        await _insistently(lambda: self._cameras.activate(created.id))
        return str(created.id)

    async def _compare(self, camera_id: str, file: Path) -> list[str]:
        truth = self._truth[file]
        crossed = Counter(
            (row.line, row.direction, row.track, row.ordinal)
            for row in await self._rows(crossings, camera_id)
        )
        expected = Counter(
            (each.line, each.direction.value, each.track, each.ordinal)
            for each in (recorded.crossing for recorded in truth.crossings)
        )
        visited = Counter(
            (row.zone, row.kind, row.track, row.ordinal)
            for row in await self._rows(visits, camera_id)
        )
        stays = Counter(
            (each.zone, each.kind.value, each.track, each.ordinal) for each in truth.visits
        )
        frames = sum(row.frames_processed for row in await self._rows(observations, camera_id))
        print(
            f"  {file.name}: {crossed.total()} of {expected.total()} crossings, {visited.total()} of "
            f"{stays.total()} visits, {frames} of {truth.frames} frames"
        )
        same = (crossed, visited, frames) == (expected, stays, truth.frames)
        return [] if same else [f"{file.name} ({camera_id}) was counted otherwise"]

    async def _check_live(self, camera_id: str) -> list[str]:
        records, found = [], []
        written: dict[tuple[str, int], CountsRecorded] = {}
        for record in self._journal.records(camera_id):
            # Whoever goes on after a kill spools the last record again: it must be the same.
            same = written.setdefault((record.run_id, record.sequence), record)
            if same is record:
                records.append(record)
            elif same != record:
                found.append(f"live camera {camera_id}: two records have the same place in a run")
        runs = Counter(record.run_id for record in records)
        recorded = sorted(each.id for record in records for each in record.crossings)
        stored = sorted(str(row.id) for row in await self._rows(crossings, camera_id))
        frames = sum(row.frames_processed for row in await self._rows(observations, camera_id))
        print(f"  live: {len(stored)} crossings in {len(runs)} runs, {frames} frames")
        if stored != recorded:
            found.append(f"live camera {camera_id}: {len(recorded)} recorded, {len(stored)} stored")
        if frames != sum(record.frames_processed for record in records):
            found.append(f"live camera {camera_id}: the frames are not those that were recorded")
        if self._sequences(camera_id) != {
            (run, n) for run, count in runs.items() for n in range(count)
        }:
            found.append(f"live camera {camera_id}: a run has a gap")
        return found

    async def _all_ended(self) -> bool:
        streams = await _insistently(self._pool.streams)
        ended = stream_pb2.STREAM_STATE_ENDED
        return all(id_ in streams and streams[id_].state == ended for id_ in self._recorded)

    async def _all_stored(self, camera_id: str, sequences: set[tuple[str, int]]) -> bool:
        rows = await self._rows(observations, camera_id)
        return sequences <= {(str(row.run_id), row.sequence) for row in rows}

    def _sequences(self, camera_id: str) -> set[tuple[str, int]]:
        return {(record.run_id, record.sequence) for record in self._journal.records(camera_id)}

    async def _rows(self, table: Table, camera_id: str) -> list[Any]:
        query = select(table).where(table.c.camera_id == camera_id)
        async with self._database.begin() as connection:
            return list((await connection.execute(query)).all())


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(RECOVERY_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.5)


async def _insistently(call: Callable[[], Awaitable[T]]) -> T:
    """The answer, as soon as there is one: whoever it needs may be dead."""
    async with asyncio.timeout(RECOVERY_S):
        while True:
            try:
                return await call()
            except grpc.aio.AioRpcError as error:
                if error.code() not in AWAY:
                    raise
                await asyncio.sleep(0.5)


if __name__ == "__main__":
    main()
