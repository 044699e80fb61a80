"""What happens around every use case, whatever it does.

A middleware is bound to a kind of message once, so that each message pays for nothing but its own passing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import Histogram

from tally.kernel.backoff import Backoff
from tally.kernel.errors import ConcurrentChange, DomainError
from tally.kernel.message_bus.messages import Message

Proceed = Callable[[Any], Awaitable[Any]]
"""Goes on with a message and returns its answer."""

Middleware = Callable[[type[Message[Any]], Proceed], Proceed]
"""Surrounds the handling of one kind of message."""

REPETITIONS = 5
"""How often a command that lost a race is done again; who loses more often is told."""

_OK = "OK"

_duration = Histogram(
    "tally_use_case_duration_seconds",
    "Time from a command or query to its answer, its transaction included",
    ["message", "outcome"],
)
_log = structlog.get_logger(__name__)


def logged(kind: type[Message[Any]], proceed: Proceed) -> Proceed:
    """Log how each message ended; never what it held."""

    def log(outcome: str, seconds: float) -> None:
        tell = _log.debug if outcome == _OK else _log.info
        tell("use_case", message=kind.__name__, outcome=outcome, seconds=round(seconds, 4))

    return _timed(proceed, log)


def measured(kind: type[Message[Any]], proceed: Proceed) -> Proceed:
    """Count and time each message by its outcome."""

    @cache
    def ended(outcome: str) -> Histogram:
        return _duration.labels(kind.__name__, outcome)

    return _timed(proceed, lambda outcome, seconds: ended(outcome).observe(seconds))


def validated(_kind: type[Message[Any]], proceed: Proceed) -> Proceed:
    """Refuse messages that can never succeed before a transaction begins."""

    async def validate(message: Any) -> Any:
        message.require_valid()
        return await proceed(message)

    return validate


def repeated(_kind: type[Message[Any]], proceed: Proceed) -> Proceed:
    """Do a command that lost a race again.

    Unless it carries an etag: its caller has seen a state that is no more, and is to see the new one first.
    """

    async def repeat(message: Any) -> Any:
        backoff = Backoff(first_s=0.005, longest_s=0.1)
        for _ in range(REPETITIONS):
            try:
                return await proceed(message)
            except ConcurrentChange:
                if message.etag:
                    raise
            await asyncio.sleep(backoff.next_s())
        return await proceed(message)

    return repeat


def _timed(proceed: Proceed, report: Callable[[str, float], None]) -> Proceed:
    """Report how each message ended, and after how many seconds."""

    async def time(message: Any) -> Any:
        began = perf_counter()
        outcome = _OK
        try:
            return await proceed(message)
        except DomainError as error:
            outcome = error.reason
            raise
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            report(outcome, perf_counter() - began)

    return time
