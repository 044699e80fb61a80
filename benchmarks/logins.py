"""A flood of logins: whether others notice; and whether the time of a failed login tells that a user exists."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from scipy.stats import mannwhitneyu

from benchmarks.gateway.logins import try_login
from tally.api.auth.v1 import (
    auth_service_pb2,
    auth_service_pb2_grpc,
    user_pb2,
    user_service_pb2,
    user_service_pb2_grpc,
)
from tally.kernel.ids import new_id
from tally.stack.folder import DataFolder, free_port
from tally.stack.models import PROJECT
from tally.stack.nats import NatsServer
from tally.stack.postgres import PostgresServer
from tally.stack.probe import HealthProbe
from tally.stack.process import Command, ServerProcess

ADMIN, PASSWORD = "admin@localhost", "seven blue herons"
FLOOD_S = 15
PERIOD_S = 0.01
USERS, ATTEMPTS = 25, 8
"""Logins on each account stay below the limit of attempts, which would answer sooner."""


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(DataFolder(Path(folder))))


async def _measure(folder: DataFolder) -> None:
    async with _auth(folder) as address, grpc.aio.insecure_channel(address) as channel:
        token = await _admin_token(channel)
        await _compare_times(channel, token)
        calm = await _watch(channel, token, asyncio.create_task(asyncio.sleep(FLOOD_S)))
        flood = asyncio.create_task(_flood(address))
        busy = await _watch(channel, token, flood)
        print(f"logins during the flood: {await flood}")
        for name in calm:
            print(
                f"{name}: p99 {_p99(busy[name]) * 1e3:.1f} ms during the flood, "
                f"{_p99(calm[name]) * 1e3:.1f} ms before ({len(busy[name])} calls)"
            )


async def _compare_times(channel: grpc.aio.Channel, token: str) -> None:
    """Print how failed logins of known users differ in time from those of unknown ones."""
    known = [f"{new_id()}@example.com" for _ in range(USERS)]
    unknown = [f"{new_id()}@example.com" for _ in range(USERS)]
    users = user_service_pb2_grpc.UserServiceStub(channel)
    for email in known:
        request = user_service_pb2.CreateUserRequest(
            user=user_pb2.User(email=email, display_name="Somebody"), password=PASSWORD
        )
        await users.CreateUser(request, metadata=_bearer(token))
    times: tuple[list[float], list[float]] = [], []
    for _ in range(ATTEMPTS):
        for pair in zip(known, unknown, strict=True):
            for email, taken in zip(pair, times, strict=True):
                began = time.perf_counter()
                code = await try_login(channel, email)
                taken.append(time.perf_counter() - began)
                if code is not grpc.StatusCode.UNAUTHENTICATED:
                    raise RuntimeError(f"a wrong password ended with {code}")
    first, second = (median(taken) * 1e3 for taken in times)
    test = mannwhitneyu(*times)
    print(
        f"failed logins, {len(times[0])} each: median {first:.2f} ms known, {second:.2f} ms unknown, "
        f"difference {first - second:+.2f} ms; Mann-Whitney U/n² {test.statistic / len(times[0]) ** 2:.3f}, "
        f"p {test.pvalue:.2f}"
    )


async def _watch(
    channel: grpc.aio.Channel, token: str, end: "asyncio.Task[object]"
) -> dict[str, list[float]]:
    """Seconds that health checks and reads took until the task was done."""
    health = health_pb2_grpc.HealthStub(channel)
    auth = auth_service_pb2_grpc.AuthServiceStub(channel)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "health checks": lambda: health.Check(health_pb2.HealthCheckRequest()),
        "reads with a token": lambda: auth.Whoami(
            auth_service_pb2.WhoamiRequest(), metadata=_bearer(token)
        ),
    }
    taken = await asyncio.gather(*(_repeat(call, end) for call in calls.values()))
    return dict(zip(calls, taken, strict=True))


async def _repeat(
    call: Callable[[], Awaitable[object]], end: "asyncio.Task[object]"
) -> list[float]:
    taken = []
    while not end.done():
        began = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(PERIOD_S)
    return taken


async def _flood(address: str) -> object:
    process = await asyncio.create_subprocess_exec(
        "nice", "-n", "10",
        sys.executable, "-m", "benchmarks.gateway.login_flood", address, str(FLOOD_S),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    return json.loads(output)


@asynccontextmanager
async def _auth(folder: DataFolder) -> AsyncIterator[str]:
    """Where an auth process listens that has all it needs."""
    async with AsyncExitStack() as stack:
        postgres, nats = PostgresServer(folder), NatsServer(folder)
        for part in (postgres, nats):
            await part.start()
            stack.push_async_callback(part.stop)
        address = f"127.0.0.1:{free_port()}"
        environment = {
            "TALLY_AUTH_LISTEN": address,
            "TALLY_AUTH_DATABASE_URL": await postgres.ensure_database("auth"),
            "TALLY_AUTH_NATS_URL": nats.url("auth"),
            "TALLY_AUTH_SECRET": folder.secret("auth"),
            "TALLY_AUTH_FIRST_ADMIN_EMAIL": ADMIN,
            "TALLY_AUTH_FIRST_ADMIN_PASSWORD": PASSWORD,
        }
        server = ServerProcess(
            "auth",
            Command([sys.executable, "-m", "tally.auth"], {**os.environ, **environment}),
            folder.log("auth"),
            HealthProbe(address),
            mend="see its log",
        )
        await server.start()
        stack.push_async_callback(server.stop)
        yield address


async def _admin_token(channel: grpc.aio.Channel) -> str:
    request = auth_service_pb2.LoginRequest(email=ADMIN, password=PASSWORD)
    answer = await auth_service_pb2_grpc.AuthServiceStub(channel).Login(request)
    return answer.tokens.access_token


def _bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


def _p99(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.99)]


if __name__ == "__main__":
    main()
