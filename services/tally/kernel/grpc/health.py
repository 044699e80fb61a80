"""Health as grpc.health.v1 reports it: the server, each of its services, and each dependency."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer

Probe = Callable[[], Awaitable[object]]
"""Returns when a dependency answers; raises when it does not."""

PERIOD_S = 2.0
TIMEOUT_S = 2.0

_Status = health_pb2.HealthCheckResponse
_log = structlog.get_logger(__name__)


class HealthMonitor:
    """Asks the dependencies and publishes what they say.

    Under the empty name stands the server as a whole: SERVING while every dependency answers. Each
    dependency stands under `dependency/<name>`.
    """

    def __init__(self, services: Iterable[str], dependencies: Mapping[str, Probe]) -> None:
        self.servicer = HealthServicer()
        self._services = ("", *services)
        self._dependencies = dependencies
        self._known: dict[str, bool] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Ask once, then keep asking in the background."""
        await self.check()
        self._task = asyncio.create_task(self._keep_checking(), name="health")

    async def stop(self) -> None:
        """Report NOT_SERVING from here on, so that callers move to another server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.servicer.enter_graceful_shutdown()

    async def check(self) -> None:
        """Ask every dependency once."""
        names = list(self._dependencies)
        answers = await asyncio.gather(*(self._answers(name) for name in names))
        for name, answer in zip(names, answers, strict=True):
            await self._publish(f"dependency/{name}", serving=answer)
        for service in self._services:
            await self._publish(service, serving=all(answers))

    async def _keep_checking(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_S)
            await self.check()

    async def _answers(self, name: str) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._dependencies[name]()
        except Exception as error:
            if self._known.get(f"dependency/{name}", True):
                _log.warning(
                    "dependency_lost", dependency=name, error=str(error) or type(error).__name__
                )
            return False
        return True

    async def _publish(self, name: str, *, serving: bool) -> None:
        if self._known.get(name) is serving:
            return
        self._known[name] = serving
        await self.servicer.set(name, _Status.SERVING if serving else _Status.NOT_SERVING)
