"""Recognises callers by the access tokens of the auth context (JWT, RFC 7519), verified with its published keys.

The keys are kept: a token can be verified while the auth context is down, as long as its key was seen before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import grpc
import jwt
import structlog

from tally.api.auth.v1 import jwks_service_pb2
from tally.api.auth.v1.jwks_service_pb2_grpc import JwksServiceStub
from tally.kernel.clock import utc_now
from tally.kernel.errors import DomainError, Unauthenticated, Unavailable
from tally.kernel.identity import Principal

ISSUER = "tally"
AUDIENCE = "tally"
ALGORITHM = "ES256"
"""The only one accepted, whatever a token's header says."""

KEPT_S = 300.0
"""Age at which kept keys are fetched again; keys are published longer than that before they sign."""
PAUSE_S = 5.0
"""Time between two attempts to fetch, so that tokens with made-up keys cause no load."""
LEEWAY_S = 5
"""Difference between two machines' clocks that is forgiven."""
REMEMBERED = 4096
"""Tokens whose verification is remembered; those verified first are forgotten first."""

Jwk = Mapping[str, str]
"""A public key as RFC 7517 writes it."""
FetchKeys = Callable[[], Awaitable[Sequence[Jwk]]]
"""Gets the key set; raises DomainError if that fails."""

_SCHEME = "bearer"
_REQUIRED = ["iss", "aud", "sub", "exp", "iat", "jti"]
_log = structlog.get_logger(__name__)


class JwksAuthenticator:
    """Verifies `authorization: Bearer …`.

    A token is verified once, as that costs more than all else that surrounds a call, and again with keys fetched anew.

    Args:
        fetch: Gets the key set.
        seconds: A clock that never jumps.
    """

    def __init__(self, fetch: FetchKeys, seconds: Callable[[], float] = monotonic) -> None:
        self._fetch = fetch
        self._seconds = seconds
        self._keys: dict[str, jwt.PyJWK] = {}
        self._verified: dict[str, Principal] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        """The caller that the token names; None without one.

        Raises:
            Unauthenticated: The token does not hold.
            Unavailable: Its key is unknown, and the key set cannot be fetched.
        """
        header = metadata.get("authorization")
        if header is None:
            return None
        self._renew_keys()
        known = self._verified.get(header)
        if known is not None and known.holds_at(utc_now()):
            return known
        scheme, _, token = header.partition(" ")
        if scheme.lower() != _SCHEME:
            raise Unauthenticated("the authorization header must be `Bearer` and an access token")
        principal = _principal(await self._claims(token.strip()))
        if len(self._verified) >= REMEMBERED:
            del self._verified[next(iter(self._verified))]
        self._verified[header] = principal
        return principal

    async def _claims(self, token: str) -> dict[str, Any]:
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = await self._key(str(key_id))
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=LEEWAY_S,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("the access token has expired: refresh it") from None
        except jwt.InvalidTokenError as error:
            raise Unauthenticated(f"the access token does not hold: {error}") from None

    def _renew_keys(self) -> None:
        """Fetch keys that are old; nobody waits for it."""
        if self._keys and self._seconds() - self._fetched_at >= KEPT_S:
            self._begin_fetching()

    async def _key(self, key_id: str) -> jwt.PyJWK:
        if key_id in self._keys:
            return self._keys[key_id]
        self._begin_fetching()
        if self._fetching is not None:
            await asyncio.shield(self._fetching)
        if key_id in self._keys:
            return self._keys[key_id]
        if self._fetched_at < self._tried_at:
            raise Unavailable("the keys that verify access tokens cannot be fetched")
        raise Unauthenticated("the access token is signed with a key that is not ours")

    def _begin_fetching(self) -> None:
        now = self._seconds()
        idle = self._fetching is None or self._fetching.done()
        if idle and now - self._tried_at >= PAUSE_S:
            self._tried_at = now
            self._fetching = asyncio.create_task(self._fetch_once(now), name="jwks")

    async def _fetch_once(self, now: float) -> None:
        try:
            found = await self._fetch()
        except DomainError as error:
            _log.warning("keys_not_fetched", error=str(error))
            return
        self._keys = {key["kid"]: jwt.PyJWK(dict(key), algorithm=ALGORITHM) for key in found}
        self._fetched_at = now
        self._verified.clear()  # what verified them may be published no more


def keys_from(channel: grpc.aio.Channel) -> FetchKeys:
    """Gets the key set from the auth context, or through the gateway.

    Args:
        channel: Where it is; see `kernel.grpc.client.connect`.
    """
    service = JwksServiceStub(channel)

    async def fetch() -> Sequence[Jwk]:
        try:
            answer = await service.GetJwks(jwks_service_pb2.GetJwksRequest(), timeout=2.0)
        except grpc.aio.AioRpcError as error:
            raise Unavailable(f"the auth context does not answer: {error.details()}") from error
        return [{field.name: value for field, value in key.ListFields()} for key in answer.keys]

    return fetch


def _principal(claims: Mapping[str, Any]) -> Principal:
    sites = claims.get("site_permissions", {})
    if not isinstance(sites, dict):
        raise Unauthenticated("the access token's site_permissions are not an object")
    return Principal(
        claims["sub"],
        _names(claims, "permissions"),
        {permission: _names(sites, permission) for permission in sites},
        datetime.fromtimestamp(claims["exp"] + LEEWAY_S, UTC),
        str(claims.get("sid", "")),
        claims.get("password_change_required") is True,
    )


def _names(claims: Mapping[str, Any], claim: str) -> frozenset[str]:
    names = claims.get(claim, [])
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise Unauthenticated(f"the access token's {claim} are not a list of names")
    return frozenset(names)
