"""How long a call may take, and how much of that its own calls may use."""

import asyncio
from contextvars import ContextVar
from typing import Any

from tally.kernel.errors import DeadlineExceeded
from tally.kernel.grpc.call import Call, Guard, Proceed

ONWARD_SHARE = 0.9
"""Part of the remaining time that a call made on behalf of this one gets; the rest is left to answer in."""

_CLOCK_RESOLUTION_S = 0.001
"""Event loops may set a timer off that much early."""

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


def enforce_deadlines() -> Guard:
    """Guard that ends a call after the caller's time or the policy's, whichever is shorter."""
    alarm = _Alarm()

    async def guard(call: Call, proceed: Proceed) -> Any:
        limits = (call.context.time_remaining(), call.method.deadline_s if call.method else None)
        shortest = min((limit for limit in limits if limit is not None), default=None)
        if shortest is None:
            return await proceed(call)
        allowed = max(shortest, 0.0)
        timed = alarm.watch(allowed)
        token = _deadline.set(timed.end)
        try:
            return await proceed(call)
        except asyncio.CancelledError:
            if not timed.is_expired():
                raise
            raise DeadlineExceeded(f"the call took longer than {allowed:.3g} s") from None
        finally:
            alarm.forget(timed)
            _deadline.reset(token)

    return guard


class _TimedTask:
    """A task that works on a call.

    Attributes:
        end: When its time is over, by the event loop's clock.
        expired: Whether the alarm cancelled it.
    """

    __slots__ = ("_cancelled_before", "end", "expired", "task")

    def __init__(self, task: "asyncio.Task[Any]", end: float) -> None:
        self.task = task
        self.end = end
        self.expired = False
        self._cancelled_before = task.cancelling()

    def is_expired(self) -> bool:
        """Whether the alarm, and nobody else, cancelled it; as `asyncio.timeout` finds out."""
        return self.expired and self.task.uncancel() <= self._cancelled_before


class _Alarm:
    """Cancels tasks whose time is over.

    One timer, for the next end, serves all: one for each call would cost more than all else that is done about
    deadlines, and hardly one would ever go off.
    """

    def __init__(self) -> None:
        self._tasks: set[_TimedTask] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, seconds: float) -> _TimedTask:
        """Begin to watch the current task."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - whoever awaits a guard is one
        timed = _TimedTask(task, asyncio.get_running_loop().time() + seconds)
        self._tasks.add(timed)
        if self._timer is None or timed.end < self._timer.when():
            self._set(timed.end)
        return timed

    def forget(self, timed: _TimedTask) -> None:
        """End watching; the timer may go off for nothing."""
        self._tasks.discard(timed)

    def _set(self, end: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(end, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time() + _CLOCK_RESOLUTION_S
        for timed in [timed for timed in self._tasks if timed.end <= now]:
            self._tasks.discard(timed)
            timed.expired = True
            timed.task.cancel()
        if self._tasks:
            self._set(min(timed.end for timed in self._tasks))


def onward_timeout(policy_s: float | None) -> float | None:
    """Seconds that a call made now may take: the method's own limit, within what the call being served has left."""
    deadline = _deadline.get()
    if deadline is None:
        return policy_s
    remaining = max(deadline - asyncio.get_running_loop().time(), 0.0) * ONWARD_SHARE
    return remaining if policy_s is None else min(policy_s, remaining)
