"""Five thousand hostile requests, a hundred a second: `python -m benchmarks.gateway.attackers ADDRESS`.

Prints, as JSON, how many requests of each kind were made and how many were refused.
"""

import asyncio
import json
import random
import sys
from collections import Counter

from benchmarks.gateway.attacks import QUICK, SLOW, Attack

DURATION_S = 50

ROUNDS = {
    "oversized bodies": 100,
    "oversized messages": 50,
    "broken messages": 50,
    "broken requests": 125,
    "odd paths": 100,
    "JSON bombs": 75,
    "header floods": 125,
    "broken frames": 100,
    "frame floods": 50,
    "rapid resets": 5,
    "slow headers": 100,
    "slow bodies": 100,
    "slow readers": 13,
}


async def attack(address: str) -> tuple[Counter[str], Counter[str]]:
    """Requests made and requests refused, by kind: slow ones all from the start on, quick ones spread over the time."""
    made: Counter[str] = Counter()
    refused: Counter[str] = Counter()

    async def carry_out(kind: str, one: Attack) -> None:
        outcomes = await one(address)
        made[kind] += len(outcomes)
        refused[kind] += sum(outcomes)

    async def wait_and_carry_out(kind: str, one: Attack) -> None:
        await asyncio.sleep(random.uniform(0, DURATION_S))  # noqa: S311 - spreads load, hides nothing
        await carry_out(kind, one)

    async with asyncio.TaskGroup() as group:
        for kind, rounds in ROUNDS.items():
            for _ in range(rounds):
                if kind in SLOW:
                    group.create_task(carry_out(kind, SLOW[kind]))
                else:
                    group.create_task(wait_and_carry_out(kind, QUICK[kind]))
    return made, refused


if __name__ == "__main__":
    print(json.dumps(asyncio.run(attack(sys.argv[1]))))
