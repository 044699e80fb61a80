"""A flood of logins that all fail, from ever new addresses: `python -m benchmarks.gateway.login_flood ADDRESS SECONDS`.

Prints how many were answered, by status, as JSON.
"""

import asyncio
import json
import sys
import time
from collections import Counter

import grpc

from benchmarks.gateway.logins import try_login
from tally.kernel.ids import new_id

CALLERS = 100


async def _flood(address: str, seconds: float) -> Counter[str]:
    answers: Counter[str] = Counter()
    end = time.monotonic() + seconds

    async def call(channel: grpc.aio.Channel) -> None:
        while time.monotonic() < end:
            code = await try_login(channel, f"{new_id()}@example.com")
            answers[code.name] += 1

    async with grpc.aio.insecure_channel(address) as channel:
        await asyncio.gather(*(call(channel) for _ in range(CALLERS)))
    return answers


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_flood(sys.argv[1], float(sys.argv[2])))))
