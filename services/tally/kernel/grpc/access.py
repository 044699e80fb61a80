"""Enforces, at every server, who may call what; a request that bypasses the gateway gains nothing."""

import asyncio
from contextvars import ContextVar
from typing import Any

from tally.api.options.v1.policy_pb2 import MethodPolicy
from tally.kernel.clock import utc_now
from tally.kernel.errors import PermissionDenied, Unauthenticated
from tally.kernel.grpc.call import Call, Guard, Proceed
from tally.kernel.identity import Authenticator, Principal, Sites

_OPEN_TO_ALL = ("/grpc.health.v1.Health/", "/grpc.reflection.v1alpha.", "/grpc.reflection.v1.")
"""Standard services that no contract of ours can give a policy: they tell nothing that is not public."""

_caller: ContextVar[tuple[Principal, Call]] = ContextVar("caller")
"""Who makes the call being served, and that call."""


def current_principal() -> Principal:
    """Who makes the call being served.

    Raises:
        LookupError: Outside a call, or in a public one.
    """
    return _caller.get()[0]


def current_sites() -> Sites:
    """Where the caller holds the permission that the method being served asks for.

    Raises:
        LookupError: Outside a call, or in a public one.
    """
    principal, call = _caller.get()
    policy = call.method.policy if call.method else None
    return principal.sites_for(policy.permission) if policy else frozenset()


def current_token() -> str:
    """The access token of the call being served, for calls on its behalf; empty outside a call or without one."""
    caller = _caller.get(None)
    return caller[1].metadata.get("authorization", "").partition(" ")[2] if caller else ""


def enforce_access(authenticator: Authenticator) -> Guard:
    """Guard that lets a call pass if the method's policy allows its caller; methods without policy are denied.

    Nobody looks at the credentials of a public call: who has only an expired token must be able to get another.
    A stream ends when its caller's credentials do.
    """

    async def guard(call: Call, proceed: Proceed) -> Any:
        if not _is_public(call):
            call.principal = await authenticator.authenticate(call.metadata)
        _check(call)
        if call.principal is None:
            return await proceed(call)
        token = _caller.set((call.principal, call))
        try:
            left_s = _seconds_left(call.principal, call)
            return await (proceed(call) if left_s is None else _within(left_s, proceed, call))
        finally:
            _caller.reset(token)

    return guard


async def _within(left_s: float, proceed: Proceed, call: Call) -> Any:
    try:
        async with asyncio.timeout(left_s) as timer:
            return await proceed(call)
    except TimeoutError:
        if not timer.expired():
            raise
        raise Unauthenticated("the credentials have expired: call again with new ones") from None


def _seconds_left(principal: Principal, call: Call) -> float | None:
    """Time until the credentials end; None for calls that their deadline ends soon enough."""
    unending = call.method is None or call.method.deadline_s is None
    if not unending or principal.expires_at is None:
        return None
    return (principal.expires_at - utc_now()).total_seconds()


def _is_public(call: Call) -> bool:
    if call.method is None:
        return call.path.startswith(_OPEN_TO_ALL)
    return call.method.access == "public"


def _check(call: Call) -> None:
    if _is_public(call):
        return
    if call.method is None:
        raise PermissionDenied(f"{call.path} is in no contract")
    if call.method.policy is None or call.method.access is None:
        raise PermissionDenied(f"{call.path} has no policy, which denies it to everybody")
    if call.principal is None:
        raise Unauthenticated("this method needs credentials: send an authorization header")
    if call.method.access == "permission" and not _holds(call.principal, call.method.policy):
        permission = call.method.policy.permission
        raise PermissionDenied(
            f"{call.principal.subject} lacks the permission {permission}",
            metadata={"permission": permission},
        )


def _holds(principal: Principal, policy: MethodPolicy) -> bool:
    """Whether the permission is held; at some sites is enough where the method keeps to them."""
    sites = principal.sites_for(policy.permission)
    return sites is None or (policy.by_site and bool(sites))


class NobodyAuthenticator:
    """Recognises nobody: only public methods can be called."""

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        """None, whatever the metadata holds."""
        return None
