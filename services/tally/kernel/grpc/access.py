"""Enforces, at every server, who may call what; a request that bypasses the gateway gains nothing."""

import asyncio
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from tally.api.options.v1.policy_pb2 import MethodPolicy
from tally.kernel.clock import utc_now
from tally.kernel.contracts import Method
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


def current_actor() -> str:
    """The subject of who makes the call being served; empty outside a call, or in a public one."""
    caller = _caller.get(None)
    return caller[0].subject if caller else ""


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


def enforce_access(authenticator: Authenticator, path: str, method: Method | None) -> Guard:
    """Guard that lets calls of a method pass if its policy allows their caller.

    Methods without a policy are denied to everybody. Nobody looks at the credentials of a public call: who has only
    an expired token must be able to get another. A stream ends when its caller's credentials do.
    """
    if _is_public(path, method):
        return _pass_all
    if method is None:
        return _refuse_all(f"{path} is in no contract")
    if method.policy is None or method.access is None:
        return _refuse_all(f"{path} has no policy, which denies it to everybody")
    needed = method.policy if method.access == "permission" else None
    unending = method.deadline_s is None

    async def guard(call: Call, proceed: Proceed) -> Any:
        principal = await authenticator.authenticate(call.metadata)
        if principal is None:
            raise Unauthenticated("this method needs credentials: send an authorization header")
        call.principal = principal
        if needed is not None and not _holds(principal, needed):
            raise _denied(principal, needed.permission)
        token = _caller.set((principal, call))
        try:
            if unending and principal.expires_at is not None:
                return await _until(principal.expires_at, proceed, call)
            return await proceed(call)
        finally:
            _caller.reset(token)

    return guard


async def _pass_all(call: Call, proceed: Proceed) -> Any:
    return await proceed(call)


def _refuse_all(why: str) -> Guard:
    async def guard(_call: Call, _proceed: Proceed) -> Any:
        raise PermissionDenied(why)

    return guard


async def _until(moment: datetime, proceed: Proceed, call: Call) -> Any:
    try:
        async with asyncio.timeout((moment - utc_now()).total_seconds()) as timer:
            return await proceed(call)
    except TimeoutError:
        if not timer.expired():
            raise
        raise Unauthenticated("the credentials have expired: call again with new ones") from None


def _denied(principal: Principal, permission: str) -> PermissionDenied:
    if principal.password_change_required:
        return PermissionDenied(
            "somebody else knows your password: change it with AuthService.ChangePassword, then log in again",
            reason="PASSWORD_CHANGE_REQUIRED",
        )
    return PermissionDenied(
        f"{principal.subject} lacks the permission {permission}",
        metadata={"permission": permission},
    )


def _is_public(path: str, method: Method | None) -> bool:
    if method is None:
        return path.startswith(_OPEN_TO_ALL)
    return method.access == "public"


def _holds(principal: Principal, policy: MethodPolicy) -> bool:
    """Whether the permission is held; at some sites is enough where the method keeps to them."""
    if principal.may(policy.permission):
        return True
    return policy.by_site and bool(principal.sites_for(policy.permission))


class NobodyAuthenticator:
    """Recognises nobody: only public methods can be called."""

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        """None, whatever the metadata holds."""
        return None
