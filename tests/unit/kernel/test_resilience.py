"""A breaker that opens, waits and probes; a bulkhead with few places."""

import asyncio

import pytest

from tally.kernel.errors import ResourceExhausted, Unavailable
from tally.kernel.resilience import Bulkhead, CircuitBreaker


class Clock:
    """Time that passes when told."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("mail server", clock=clock)


def state(breaker: CircuitBreaker) -> str:
    return breaker.state


async def succeed(breaker: CircuitBreaker) -> None:
    async with breaker.guard():
        pass


async def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(OSError, match="refused"):
            async with breaker.guard():
                raise OSError("refused")


async def test_it_opens_after_five_failures_in_a_row(breaker: CircuitBreaker) -> None:
    await fail(breaker, 4)
    await succeed(breaker)
    await fail(breaker, 4)
    assert state(breaker) == "closed"
    await fail(breaker)
    assert state(breaker) == "open"
    with pytest.raises(Unavailable, match="mail server failed 5 times"):
        await succeed(breaker)


async def test_after_a_minute_one_call_decides(breaker: CircuitBreaker, clock: Clock) -> None:
    await fail(breaker, 5)
    clock.now_s = 59.9
    assert state(breaker) == "open"
    clock.now_s = 60.0
    assert state(breaker) == "half-open"
    await fail(breaker)
    assert state(breaker) == "open"
    clock.now_s = 120.0
    await succeed(breaker)
    assert state(breaker) == "closed"


async def test_while_one_call_finds_out_others_are_refused(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    early = breaker.guard()
    await early.__aenter__()  # a call from before the failures, still under way
    await fail(breaker, 5)
    clock.now_s = 60.0
    async with breaker.guard():
        await early.__aexit__(OSError, OSError("late"), None)
        clock.now_s = 120.0
        with pytest.raises(Unavailable):
            await succeed(breaker)
    assert state(breaker) == "closed"


async def test_a_cancelled_call_counts_as_nothing(breaker: CircuitBreaker, clock: Clock) -> None:
    await fail(breaker, 5)
    clock.now_s = 60.0
    with pytest.raises(asyncio.CancelledError):
        async with breaker.guard():
            raise asyncio.CancelledError
    assert state(breaker) == "half-open"
    await succeed(breaker)
    assert state(breaker) == "closed"


async def test_a_full_bulkhead_refuses_and_a_freed_place_is_taken() -> None:
    bulkhead = Bulkhead("mail server", limit=2, wait_s=0.01)
    async with bulkhead.guard():
        async with bulkhead.guard():
            with pytest.raises(ResourceExhausted, match="mail server is busy"):
                async with bulkhead.guard():
                    pass
        async with bulkhead.guard():
            pass
