"""Keeps a failing dependency from taking its callers down with it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

import structlog

from tally.kernel.errors import ResourceExhausted, Unavailable

BreakerState = Literal["closed", "open", "half-open"]

_log = structlog.get_logger(__name__)


class CircuitBreaker:
    """Stops calling a dependency that keeps failing, and tries it again after a pause.

    Closed, it lets calls through; after so many failures in a row it opens and refuses them at once;
    after the pause it is half-open: one call goes through and decides.

    Args:
        name: What the dependency is called in errors.
        failures: Failures in a row that open it.
        pause_s: Seconds until the next attempt.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int = 5,
        pause_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._limit = failures
        self._pause_s = pause_s
        self._clock = clock
        self._failed = 0
        self._opened_at = 0.0
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """How it stands."""
        if self._failed < self._limit:
            return "closed"
        return "half-open" if self._clock() - self._opened_at >= self._pause_s else "open"

    @asynccontextmanager
    async def guard(self) -> AsyncIterator[None]:
        """Surround one call. Every exception counts as a failure; a cancelled call counts as nothing.

        Raises:
            Unavailable: It is open, or another call is just finding out.
        """
        state = self.state
        if state == "open" or (state == "half-open" and self._probing):
            raise Unavailable(
                f"{self._name} failed {self._failed} times in a row; waiting to try again"
            )
        if state == "closed":
            async with self._counted():
                yield
            return
        self._probing = True
        try:
            async with self._counted():
                yield
        finally:
            self._probing = False

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        try:
            yield
        except Exception:
            self._failed += 1
            self._opened_at = self._clock()
            if self._failed == self._limit:
                _log.warning("breaker_opened", dependency=self._name, pause_s=self._pause_s)
            raise
        if self._failed >= self._limit:
            _log.info("breaker_closed", dependency=self._name)
        self._failed = 0


class Bulkhead:
    """Bounds how many calls to a dependency run at once.

    Args:
        name: What the dependency is called in errors.
        limit: Calls at once.
        wait_s: Seconds that a call waits for its turn before it is refused.
    """

    def __init__(self, name: str, limit: int, wait_s: float) -> None:
        self._name = name
        self._places = asyncio.Semaphore(limit)
        self._wait_s = wait_s

    @asynccontextmanager
    async def guard(self) -> AsyncIterator[None]:
        """Surround one call.

        Raises:
            ResourceExhausted: No place became free in time.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                await self._places.acquire()
        except TimeoutError:
            raise ResourceExhausted(f"{self._name} is busy; try again later") from None
        try:
            yield
        finally:
            self._places.release()
