"""Every method of every contract, every role, and tokens of every kind: who is to be let in where."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import jwt
from google.protobuf.message_factory import GetMessageClass

from tally.auth.adapters.access_tokens import public_jwk
from tally.auth.adapters.signing_keys import make_signing_key
from tally.auth.domain.access import BUILT_IN
from tally.kernel.contracts import Method, descriptor_pool, methods
from tally.kernel.grpc.tokens import Jwk

NOW = datetime.now(UTC)
KEY = make_signing_key(NOW)
STRANGERS = make_signing_key(NOW)
BEYOND_THE_DOOR = (
    grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNIMPLEMENTED,
)  # fmt: skip
DENIED, UNKNOWN = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED


def permissions_in(role: str) -> list[str]:
    return sorted(BUILT_IN[role][1])


def token(*, key: Any = KEY.private_key, algorithm: str = "ES256", **claims: object) -> str:
    """A token that holds, but for what is given."""
    usual = {
        "iss": "tally",
        "aud": "tally",
        "sub": "user:1",
        "jti": "1",
        "iat": NOW,
        "exp": NOW + timedelta(minutes=15),
        "permissions": permissions_in("super-admin"),
    }
    kept = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers={"kid": KEY.id})


def of_role(role: str) -> str:
    return token(permissions=permissions_in(role))


BAD = {
    "expired": token(exp=NOW - timedelta(minutes=1)),
    "wrong signature": token(key=STRANGERS.private_key),
    "wrong audience": token(aud="others"),
    "wrong issuer": token(iss="others"),
    "no expiry": token(exp=None),
    "not signed": token(key=None, algorithm="none"),
    "signed with the public key as a secret": token(
        key=public_jwk(KEY)["x"].encode(), algorithm="HS256"
    ),
    "no token at all": "nonsense",
    "permissions that are no list": token(permissions="system:admin"),
}


async def published() -> Sequence[Jwk]:
    return [public_jwk(KEY)]


def serve_every_method(server: grpc.aio.Server) -> None:
    """Serve every method of every contract with a handler that answers with an empty message."""
    for service in {method.service for method in methods().values()}:
        handlers = {
            method.descriptor.name: _handler(method)
            for method in methods().values()
            if method.service == service
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))


def _handler(method: Method) -> Any:
    request, response = (
        GetMessageClass(descriptor_pool().FindMessageTypeByName(name.lstrip(".")))
        for name in (method.descriptor.input_type, method.descriptor.output_type)
    )

    async def answer(_request: object, _context: object) -> object:
        return response()

    async def stream(_request: object, _context: object) -> AsyncIterator[object]:
        yield response()

    make = (
        grpc.unary_stream_rpc_method_handler
        if method.descriptor.server_streaming
        else grpc.unary_unary_rpc_method_handler
    )
    behaviour: Any = stream if method.descriptor.server_streaming else answer
    return make(behaviour, request.FromString, lambda message: message.SerializeToString())


LET_IN = "let in"


async def outcomes(channel: grpc.aio.Channel, credentials: str | None) -> dict[str, Any]:
    """How an empty request to each method ends; whoever is let in meets the checks of the request, if any."""
    metadata = () if credentials is None else (("authorization", f"Bearer {credentials}"),)

    async def call(method: Method) -> grpc.StatusCode:
        call: Any
        if method.descriptor.server_streaming:
            call = channel.unary_stream(method.path, None, None)(b"", metadata=metadata)
            async for _ in call:
                pass
        else:
            call = channel.unary_unary(method.path, None, None)(b"", metadata=metadata)
        return await call.code()  # type: ignore[no-any-return]  # gRPC's calls are not typed here

    async def ending(method: Method) -> grpc.StatusCode:
        try:
            return await call(method)
        except grpc.aio.AioRpcError as error:
            return error.code()

    ends = await asyncio.gather(*(ending(method) for method in methods().values()))
    assert set(ends) <= {UNKNOWN, DENIED, *BEYOND_THE_DOOR}
    return {
        path: end if end in (UNKNOWN, DENIED) else LET_IN
        for path, end in zip(methods(), ends, strict=True)
    }


def access(method: Method) -> str | None:
    assert method.policy is not None
    return method.policy.WhichOneof("access")


def expected(role: str | None) -> Mapping[str, Any]:
    """How calls of every method are to end for a holder of the role, or without a token that holds."""

    def ending(method: Method) -> Any:
        assert method.policy is not None
        wanted = method.policy.permission
        if access(method) == "public":
            return LET_IN
        if role is None:
            return UNKNOWN
        held = access(method) == "authenticated" or wanted in permissions_in(role)
        return LET_IN if held or role == "super-admin" else DENIED

    return {path: ending(method) for path, method in methods().items()}
