"""Ten thousand hostile requests to the gateway: how many it refused, what memory it took, whether others noticed.

In two attacks, as what the first leaves behind in memory may stay there for reuse; the second must add nothing.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from benchmarks.gateway.backend import CONTEXT, READ, UNLIMITED
from gateway_envoy.table import Context
from tally.stack.envoy import EnvoyServer, private_gateway
from tally.stack.folder import DataFolder, free_port
from tally.stack.probe import HealthProbe
from tally.stack.process import Command, ServerProcess

ATTACKS = 2
CALM_S = 20
PERIOD_S = 0.02
PROJECT = Path(__file__).parent.parent


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(DataFolder(Path(folder))))


async def _measure(folder: DataFolder) -> None:
    made: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    async with _gateway(folder) as (envoy, server):
        parts = {"envoy": envoy.process, "server": server}
        memory = {name: [_megabytes(process)] for name, process in parts.items()}
        customer = Customer(f"http://{envoy.gateway.listen}{READ}")
        await customer.ask_for(2)
        calm, busy = [], []
        for _ in range(ATTACKS):
            calm += await customer.ask_for(CALM_S)
            attack = asyncio.create_task(_attack(envoy.gateway.listen))
            busy += await customer.ask_until(attack)
            for total, more in zip((made, refused), await attack, strict=True):
                total.update(more)
            for name, process in parts.items():
                memory[name].append(_megabytes(process))
    for kind, count in made.items():
        print(f"  {kind:<20} {refused[kind]:5} of {count:5} refused")
    print(f"  {'all':<20} {refused.total():5} of {made.total():5} refused")
    for name, megabytes in memory.items():
        print(
            f"{name}: MB before, and after each attack: {', '.join(f'{m:.0f}' for m in megabytes)}"
        )
    print(
        f"good client: answers {dict(customer.answers)}, p99 {_p99(busy) * 1e3:.1f} ms during the attacks, "
        f"{_p99(calm) * 1e3:.1f} ms before them: {_p99(busy) / _p99(calm):.2f} times as much"
    )


@asynccontextmanager
async def _gateway(folder: DataFolder) -> AsyncIterator[tuple[EnvoyServer, ServerProcess]]:
    address = f"127.0.0.1:{free_port()}"
    server = ServerProcess(
        "server",
        Command(
            [sys.executable, "-m", "benchmarks.gateway.backend", address],
            dict(os.environ),
            folder=PROJECT,
        ),
        folder.log("server"),
        HealthProbe(address),
        mend="see its log",
    )
    contexts = {CONTEXT: Context(address=address, max_requests=200)}
    envoy = EnvoyServer(folder, private_gateway(folder, contexts=contexts, common_limit=UNLIMITED))
    await server.start()
    try:
        await envoy.start()
        yield envoy, server
    finally:
        await envoy.stop()
        await server.stop()


class Customer:
    """A client that asks something small fifty times a second.

    Attributes:
        answers: How many of each status.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.answers: Counter[int] = Counter()

    async def ask_for(self, seconds: float) -> list[float]:
        """Seconds that each answer took, asking for so long."""
        return await self.ask_until(asyncio.create_task(asyncio.sleep(seconds)))

    async def ask_until(self, end: asyncio.Task[object]) -> list[float]:
        """Seconds that each answer took, asking until the task is done."""
        taken = []
        async with httpx.AsyncClient() as http:
            while not end.done():
                began = time.perf_counter()
                answer = await http.get(self._url)
                taken.append(time.perf_counter() - began)
                self.answers[answer.status_code] += 1
                await asyncio.sleep(PERIOD_S)
        return taken


async def _attack(address: str) -> tuple[dict[str, int], dict[str, int]]:
    """Requests made and refused, by kind; from a process that yields to those that it measures."""
    process = await asyncio.create_subprocess_exec(
        "nice", "-n", "10", sys.executable, "-m", "benchmarks.gateway.attackers", address,
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    made, refused = json.loads(output)
    return made, refused


def _megabytes(process: ServerProcess) -> float:
    return (process.memory_bytes() or 0) / 1e6


def _p99(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.99)]


if __name__ == "__main__":
    main()
