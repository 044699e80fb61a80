"""Every method of every contract lets in exactly those whom its policy allows, whatever token they send."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import jwt
import pytest
from google.protobuf.message_factory import GetMessageClass

from tally.auth.adapters.access_tokens import public_jwk
from tally.auth.adapters.signing_keys import make_signing_key
from tally.auth.domain.access import BUILT_IN
from tally.kernel.contracts import Method, descriptor_pool, methods
from tally.kernel.errors import Unauthenticated, Unavailable
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import serve
from tally.kernel.grpc.tokens import KEPT_S, LEEWAY_S, PAUSE_S, Jwk, JwksAuthenticator
from tally.kernel.settings import ServerSettings

NOW = datetime.now(UTC)
KEY = make_signing_key(NOW)
STRANGERS = make_signing_key(NOW)
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


def _register(server: grpc.aio.Server) -> None:
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


@pytest.fixture
async def channel() -> AsyncIterator[grpc.aio.Channel]:
    settings = ServerSettings(listen="127.0.0.1:0", shutdown_grace_s=0.2)
    async with (
        serve("auth", settings, _register, {}, JwksAuthenticator(published)) as server,
        connect(server.address) as channel,
    ):
        yield channel


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
    assert set(ends) <= {UNKNOWN, DENIED, grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}
    return {
        path: end if end in (UNKNOWN, DENIED) else "let in"
        for path, end in zip(methods(), ends, strict=True)
    }


def access(method: Method) -> str | None:
    assert method.policy is not None
    return method.policy.WhichOneof("access")


async def test_without_token_only_public_methods_answer(channel: grpc.aio.Channel) -> None:
    assert await outcomes(channel, None) == {
        path: "let in" if access(method) == "public" else UNKNOWN
        for path, method in methods().items()
    }


@pytest.mark.parametrize("name", BAD)
async def test_a_token_that_does_not_hold_opens_nothing(
    channel: grpc.aio.Channel, name: str
) -> None:
    assert await outcomes(channel, BAD[name]) == {
        path: "let in" if access(method) == "public" else UNKNOWN
        for path, method in methods().items()
    }


@pytest.mark.parametrize("role", BUILT_IN)
async def test_a_role_opens_what_its_permissions_do(channel: grpc.aio.Channel, role: str) -> None:
    held = permissions_in(role)
    expected = {}
    for path, method in methods().items():
        assert method.policy is not None
        wanted = method.policy.permission
        allowed = access(method) != "permission" or wanted in held or role == "super-admin"
        expected[path] = "let in" if allowed else DENIED
    assert await outcomes(channel, of_role(role)) == expected


class Published:
    """A key set that can go away, and a clock."""

    def __init__(self) -> None:
        self.keys: Sequence[Jwk] = [public_jwk(KEY)]
        self.away = False
        self.asked = 0
        self.now = 0.0

    async def fetch(self) -> Sequence[Jwk]:
        self.asked += 1
        if self.away:
            raise Unavailable("gone")
        return self.keys

    def seconds(self) -> float:
        return self.now


def bearer(credentials: str) -> dict[str, str]:
    return {"authorization": f"Bearer {credentials}"}


async def test_known_keys_are_enough_while_their_source_is_away() -> None:
    source = Published()
    authenticator = JwksAuthenticator(source.fetch, source.seconds)
    source.away = True
    with pytest.raises(Unavailable):
        await authenticator.authenticate(bearer(token()))
    source.away, source.now = False, PAUSE_S
    assert await authenticator.authenticate(bearer(token())) is not None
    source.away, source.now = True, 100 * KEPT_S
    principal = await authenticator.authenticate(bearer(token()))
    assert principal is not None
    assert principal.subject == "user:1"


async def test_unknown_keys_cause_one_fetch_a_pause() -> None:
    source = Published()
    source.keys = [public_jwk(STRANGERS)]
    authenticator = JwksAuthenticator(source.fetch, source.seconds)
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            await authenticator.authenticate(bearer(token()))
    assert source.asked == 1
    source.keys, source.now = [public_jwk(KEY)], PAUSE_S
    assert await authenticator.authenticate(bearer(token())) is not None
    assert source.asked == 2


async def test_other_schemes_are_refused() -> None:
    with pytest.raises(Unauthenticated):
        await JwksAuthenticator(published).authenticate({"authorization": "Basic YTpi"})


async def refusal(authenticator: JwksAuthenticator, metadata: dict[str, str]) -> str:
    """What is said as soon as the token is taken no longer."""
    async with asyncio.timeout(10):
        while True:
            try:
                await authenticator.authenticate(metadata)
            except Unauthenticated as error:
                return str(error)
            await asyncio.sleep(0.01)


async def test_a_token_verified_once_ends_when_it_says() -> None:
    authenticator = JwksAuthenticator(published)
    now = datetime.now(UTC)
    ending = token(exp=now - timedelta(seconds=LEEWAY_S - 2))
    assert await authenticator.authenticate(bearer(ending)) is not None
    assert "expired" in await refusal(authenticator, bearer(ending))


async def test_a_token_verified_once_ends_with_its_key() -> None:
    source = Published()
    authenticator = JwksAuthenticator(source.fetch, source.seconds)
    remembered = bearer(token())
    assert await authenticator.authenticate(remembered) is not None
    source.keys, source.now = [public_jwk(STRANGERS)], KEPT_S
    assert "not ours" in await refusal(authenticator, remembered)
