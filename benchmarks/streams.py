"""Sixteen live video streams through one worker: rates, frames dropped, how old frames get, processor time and memory.

The streams play the real recording, or one in which four fifths of the time nothing moves but the sensor's noise,
from a server of their own at their own pace. The worker is the real one without its pool: decoder processes,
gate, Triton, engine.
"""

import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import psutil
import structlog
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader

from benchmarks.accuracy.lines import LINES
from benchmarks.accuracy.truth import VIDEO
from benchmarks.serving import MOTION, NETWORK, data_folder, serving
from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.counting import warm_up
from tally.worker.agent.cameras import Cameras
from tally.worker.agent.checkpoints import Checkpoints
from tally.worker.agent.decoding import Decoders
from tally.worker.agent.detector import Detectors
from tally.worker.agent.gate import MotionGate
from tally.worker.agent.reader import FrameStream
from tally.worker.agent.reading import AGES_S
from tally.worker.agent.runner import Surroundings
from tally.worker.agent.runs import EndedRecordings
from tally.worker.agent.sources import Pace, open_source
from tally.worker.agent.task import CameraTask
from tally.worker.agent.video_writer import VideoWriter

STREAMS = 16
SETTLE_S = 12.0
MEASURE_S = 20.0
_MOVING, _STILL = 70, 280
"""Frames of the quiet recording: at 10 frames a second, 7 s and 28 s."""


def main() -> None:
    """Print a row for each way to run."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(_measure(data_folder()))


async def _measure(folder: Path) -> None:
    warm_up()
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))
    with tempfile.TemporaryDirectory() as scratch:
        quiet = _quiet(folder / VIDEO, Path(scratch) / "quiet.mp4")
        async with _played(folder / VIDEO, quiet) as address, serving(folder) as detectors:
            print(
                f"{STREAMS} streams; load average before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
                "scene   detector     gate  counted/s  each camera  dropped  asked/s  age p50, p99"
                "    worker  decoders  Triton   memory"
            )
            for title, path, name, gated in (
                ("busy", "0", MOTION, True),
                ("busy", "0", NETWORK, True),
                ("quiet", "1", NETWORK, True),
                ("quiet", "1", NETWORK, False),
            ):
                run = _Run(detectors, f"{address}/{path}", name, Path(scratch))
                with patch.object(
                    MotionGate, "skips", MotionGate.skips if gated else lambda *_: False
                ):
                    print(
                        f"{title:7} {name:12} {'on' if gated else 'off':5} {await run.row(reader)}"
                    )
    print(f"load average after: {os.getloadavg()[0]:.1f}")


class _Run:
    """All streams through one detector."""

    def __init__(self, detectors: Detectors, uri: str, detector: str, scratch: Path) -> None:
        self._decoders = Decoders()
        self._tasks = [_camera(number, uri, detector) for number in range(STREAMS)]
        self._cameras = Cameras(
            Surroundings(
                detectors=detectors,
                keep=_forget,
                ended=EndedRecordings(scratch / "ended"),
                checkpoints=Checkpoints(scratch / "checkpoints"),
                send_picture=lambda picture: None,
                changed=lambda: None,
                open=self._open,
            )
        )

    async def _open(self, task: CameraTask) -> FrameStream:
        return await self._decoders.open(task.camera_id, partial(open_source, task.uri))

    async def row(self, reader: InMemoryMetricReader) -> str:
        await self._cameras.assign(self._tasks)
        try:
            await asyncio.sleep(SETTLE_S)
            before, began = self._state(reader), time.monotonic()
            await asyncio.sleep(MEASURE_S)
            after, seconds = self._state(reader), time.monotonic() - began
            memory = sum(process.memory_info().rss for process in _processes()) / 1e6
        finally:
            await self._cameras.stop()
            await self._decoders.close()
        processed, dropped, gated, ages, cpu = (
            new - old for new, old in zip(after, before, strict=True)
        )
        rates = processed / seconds
        worker, decoders, triton = cpu / seconds
        return (
            f"{rates.sum():7.1f}  {rates.min():4.1f} to {rates.max():4.1f}"
            f"  {dropped.sum() / (processed + dropped).sum():6.0%}"
            f"  {(processed - gated).sum() / seconds:7.1f}"
            f"  {_quantile(ages, 0.5):4.0f}, {_quantile(ages, 0.99):4.0f} ms"
            f"  {worker:7.0%} {decoders:8.0%} {triton:8.0%}  {memory:5.0f} MB"
        )

    def _state(self, reader: InMemoryMetricReader) -> tuple[np.ndarray, ...]:
        """For each camera the frames counted, dropped and gated; ages in buckets; processor seconds of each part."""
        figures = [runner.status.figures for runner in self._cameras]
        return (
            np.array([each.frames_processed for each in figures]),
            np.array([each.frames_dropped for each in figures]),
            np.array([each.frames_gated for each in figures]),
            _ages(reader),
            _processor_seconds(),
        )


def _camera(number: int, uri: str, detector: str) -> CameraTask:
    return CameraTask(
        camera_id=str(number),
        name=f"camera {number}",
        epoch=1,
        config_version=1,
        uri=uri,
        pace=Pace.REALTIME,
        lines=tuple(LINES),
        zones=(),
        detector=detector,
        classes=(),
        activate_time=datetime.now(UTC),
    )


async def _forget(_: CountsRecorded) -> None:
    """Records are not what is measured."""


def _ages(reader: InMemoryMetricReader) -> np.ndarray:
    data = reader.get_metrics_data()
    counts = np.zeros(len(AGES_S) + 1)
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points if metric.name == "tally.frames.age" else ():
                    assert isinstance(point, HistogramDataPoint)
                    counts += point.bucket_counts
    return counts


def _quantile(counts: np.ndarray, share: float) -> float:
    """Upper bound, in milliseconds, of the bucket that so many are in or below."""
    index = int(np.searchsorted(counts.cumsum(), share * counts.sum()))
    return 1000 * AGES_S[min(index, len(AGES_S) - 1)]


def _processes() -> list[psutil.Process]:
    return [psutil.Process(), *psutil.Process().children(recursive=True)]


def _processor_seconds() -> np.ndarray:
    """Of the worker, its decoders and Triton."""
    seconds = np.zeros(3)
    for process in _processes():
        command = " ".join(process.cmdline())
        if "live_server" in command:
            continue
        part = 0 if process.pid == os.getpid() else 1 if "agent.decoding" in command else 2
        times = process.cpu_times()
        seconds[part] += times.user + times.system
    return seconds


def _quiet(recording: Path, target: Path) -> Path:
    """Writes the recording's first frames, and then the last of them again and again under noise."""
    source = open_source(str(recording), pace=Pace.AS_FAST_AS_POSSIBLE)
    info, chance = source.info, np.random.default_rng(1)
    noises = chance.normal(0, 2, (8, info.height, info.width, 3))
    fps = info.fps or 10.0
    images = [frame.image for frame, _ in zip(source.frames(), range(_MOVING), strict=False)]
    with VideoWriter(target, width=info.width, height=info.height, fps=fps) as writer:
        for index in range(_MOVING + _STILL):
            image = images[min(index, _MOVING - 1)]
            if index >= _MOVING:
                image = (image + noises[chance.integers(8)]).clip(0, 255).astype(np.uint8)
            writer.write(image, index / fps)
    return target


@asynccontextmanager
async def _played(*files: Path) -> AsyncIterator[str]:
    """A server of its own that plays them; yields its address."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.live_server", *map(str, files),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await server.stdout.readline())}"
    finally:
        server.kill()
        await server.wait()


if __name__ == "__main__":
    main()
