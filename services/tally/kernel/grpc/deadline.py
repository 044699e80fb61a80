"""How long a call may take, and how much of that its own calls may use."""

import asyncio
from contextvars import ContextVar
from typing import Any

from tally.kernel.errors import DeadlineExceeded
from tally.kernel.grpc.call import Call, Proceed

ONWARD_SHARE = 0.9
"""Part of the remaining time that a call made on behalf of this one gets; the rest is left to answer in."""

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


async def enforce_deadline(call: Call, proceed: Proceed) -> Any:
    """Guard that ends a call after the caller's time or the policy's, whichever is shorter."""
    limits = (call.context.time_remaining(), call.method.deadline_s if call.method else None)
    shortest = min((limit for limit in limits if limit is not None), default=None)
    if shortest is None:
        return await proceed(call)
    allowed = max(shortest, 0.0)
    token = _deadline.set(asyncio.get_running_loop().time() + allowed)
    try:
        async with asyncio.timeout(allowed) as timer:
            return await proceed(call)
    except TimeoutError:
        if not timer.expired():
            raise
        raise DeadlineExceeded(f"the call took longer than {allowed:.3g} s") from None
    finally:
        _deadline.reset(token)


def onward_timeout(policy_s: float | None) -> float | None:
    """Seconds that a call made now may take: the method's own limit, within what the call being served has left."""
    deadline = _deadline.get()
    if deadline is None:
        return policy_s
    remaining = max(deadline - asyncio.get_running_loop().time(), 0.0) * ONWARD_SHARE
    return remaining if policy_s is None else min(policy_s, remaining)
