"""Measures how long a detector takes for a frame."""

import secrets
import time

import numpy as np

from tally.api.worker.v1.task_pb2 import BenchmarkModel, BenchmarkResult
from tally.worker.agent.jobs.progress import Progress
from tally.worker.agent.jobs.tools import Tools

FRAMES = 100
WARM_UP = 10
"""Frames that are not measured: the first ones pay for what networks set up once."""


async def benchmark(work: BenchmarkModel, tools: Tools, progress: Progress) -> BenchmarkResult:
    """How long the model takes for a frame of the demo scene, one at a time, from here and back.

    Raises:
        DomainError: There is no such detector, or it does not answer.
        SourceError: The demo scene broke off.
    """
    frames = work.frames or FRAMES
    detector = await tools.detector(work.model)
    sequence = detector.sequence(1 + secrets.randbelow(2**63 - 1))
    stream = await tools.open(f"demo://plaza?frames={frames + WARM_UP}")
    times_ms: list[float] = []
    try:
        while (frame := await stream.get()) is not None:
            began = time.perf_counter()
            await sequence.detect(frame.image)
            times_ms.append((time.perf_counter() - began) * 1000)
            progress.count(len(times_ms), frames + WARM_UP, "frames")
    finally:
        await stream.stop()
        await sequence.close()
    p50, p99 = np.percentile(times_ms[WARM_UP:], [50, 99])
    return BenchmarkResult(model=detector.name, frames=frames, p50_ms=p50, p99_ms=p99)
