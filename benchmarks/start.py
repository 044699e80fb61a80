"""Seconds until a mesh is healthy, on an empty data folder and on the same again, and what its processes hold."""

import asyncio
import tempfile
import time
from pathlib import Path

from tally.cli.registering import DEMO, ensure_camera
from tally.kernel.grpc.client import connect
from tally.stack.mesh import MeshOptions, PartStatus, running

WATCH_S = 30


def main() -> None:
    """Print seconds and megabytes."""
    for compact in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            options = MeshOptions(Path(folder), listen=None, own_ports=False, compact=compact)
            title = "compact" if compact else "one process each"
            first, _ = asyncio.run(_run(options, 0))
            second, parts = asyncio.run(_run(options, WATCH_S))
            print(f"{title}: healthy after {first:.1f} s, second time {second:.1f} s")
            for part in parts:
                print(f"  {part.name:<10} {(part.memory_bytes or 0) / 1e6:6.0f} MB")
            print(f"  {'all':<10} {sum(part.memory_bytes or 0 for part in parts) / 1e6:6.0f} MB")


async def _run(options: MeshOptions, watch_s: float) -> tuple[float, list[PartStatus]]:
    began = time.monotonic()
    async with running(options) as mesh, connect(mesh.gateway) as channel:
        seconds = time.monotonic() - began
        await ensure_camera(channel, DEMO)
        await asyncio.sleep(watch_s)
        return seconds, mesh.status()


if __name__ == "__main__":
    main()
