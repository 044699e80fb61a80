"""What sagas of a kind do, step by step."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from tally.kernel.backoff import pause_s
from tally.kernel.clock import Clock
from tally.kernel.errors import (
    ConcurrentChange,
    DeadlineExceeded,
    DomainError,
    ResourceExhausted,
    Unavailable,
)
from tally.kernel.saga.model import Saga

STEP_S = 30.0
"""A step that takes longer has failed for now."""
LOOK_S = 2.0
"""Time after which a step that waits is asked again, if nothing wakes its saga before."""
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
UNDO_ATTEMPTS = 8
"""How often a step's undoing may fail in a row until somebody must look at it: over a minute and a half."""

_FOR_NOW = (Unavailable, ResourceExhausted, DeadlineExceeded, ConcurrentChange, TimeoutError)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wait:
    """A step's answer: not yet.

    Attributes:
        what: What it waits for, for people to read.
    """

    what: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a saga. It is repeated when a server dies before its end is stored, so both ways are idempotent.

    Attributes:
        name: What people call it, in a few words.
        do: Does it; returns what it waits for, or None once it is done.
        undo: Undoes it, whether or not it was done to the end; None if it leaves nothing behind.
        retriable: Whether it comes after the pivot, from where there is no way back: a failure is repeated until it
            succeeds, and a refusal parks the saga.
    """

    name: str
    do: Callable[[Saga], Awaitable[Wait | None]]
    undo: Callable[[Saga], Awaitable[None]] | None = None
    retriable: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What sagas of one kind do. A saga knows its step by its position, so later versions only add steps at the end.

    Attributes:
        kind: Its name.
        steps: In their order.
    """

    kind: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        retriable = [step.retriable for step in self.steps]
        if retriable != sorted(retriable):
            raise ValueError(f"{self.kind}: behind a retriable step nothing may need undoing")

    async def progress(self, saga: Saga, clock: Clock) -> Saga:
        """Do or undo the saga's step, and return the saga as it is then."""
        return await (self._undo(saga, clock) if saga.undoing else self._do(saga, clock))

    async def _do(self, saga: Saga, clock: Clock) -> Saga:
        step = self.steps[saga.position]
        try:
            async with asyncio.timeout(STEP_S):
                wait = await step.do(saga)
        except _FOR_NOW as error:
            failed, message = True, _told(error)
        except Exception as error:
            _note_fault(saga, step, error)
            give_up = saga.parked if step.retriable else saga.turned_back
            return give_up(_told(error), clock())
        else:
            if wait is None:
                return saga.advanced(len(self.steps), clock())
            failed, message = False, wait.what
        if clock() >= saga.deadline and not step.retriable:
            return saga.turned_back(f"it took too long: {message}", clock())
        return _postponed(saga, message, clock(), failed=failed)

    async def _undo(self, saga: Saga, clock: Clock) -> Saga:
        step = self.steps[saga.position]
        try:
            if step.undo:
                async with asyncio.timeout(STEP_S):
                    await step.undo(saga)
        except _FOR_NOW as error:
            if saga.attempts + 1 < UNDO_ATTEMPTS:
                return _postponed(saga, _told(error), clock(), failed=True)
            return saga.parked(_told(error), clock())
        except Exception as error:
            _note_fault(saga, step, error)
            return saga.parked(_told(error), clock())
        return saga.receded(clock())


def _postponed(saga: Saga, message: str, now: datetime, *, failed: bool) -> Saga:
    pause = pause_s(saga.attempts + 1, FIRST_PAUSE_S, LONGEST_PAUSE_S) if failed else LOOK_S
    due = now + timedelta(seconds=pause)
    if now < saga.deadline:
        due = min(due, saga.deadline)
    return saga.postponed(message, due, now, failed=failed)


def _told(error: Exception) -> str:
    """What people are told of an error; what may hold anything stays in the log."""
    if isinstance(error, DomainError):
        return str(error)
    return "there was no answer" if isinstance(error, TimeoutError) else "the server made a mistake"


def _note_fault(saga: Saga, step: Step, error: Exception) -> None:
    if not isinstance(error, DomainError):
        _log.error("saga_step_broke", saga=saga.id, step=step.name, exc_info=error)
