"""Every method of every contract lets in exactly those whom its policy allows, whatever token they send."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from tally.auth.adapters.access_tokens import public_jwk
from tally.auth.domain.access import BUILT_IN
from tally.kernel.errors import Unauthenticated, Unavailable
from tally.kernel.grpc.client import connect
from tally.kernel.grpc.server import serve
from tally.kernel.grpc.tokens import KEPT_S, LEEWAY_S, PAUSE_S, Jwk, JwksAuthenticator
from tally.kernel.settings import ServerSettings
from tests.callers import Forgetful
from tests.component.auth.matrix import (
    BAD,
    KEY,
    STRANGERS,
    expected,
    of_role,
    outcomes,
    published,
    serve_every_method,
    token,
)


@pytest.fixture
async def channel() -> AsyncIterator[grpc.aio.Channel]:
    settings = ServerSettings(listen="127.0.0.1:0", shutdown_grace_s=0.2)
    async with (
        serve(
            "auth", settings, serve_every_method, {}, JwksAuthenticator(published), Forgetful()
        ) as server,
        connect(server.address) as channel,
    ):
        yield channel


async def test_without_token_only_public_methods_answer(channel: grpc.aio.Channel) -> None:
    assert await outcomes(channel, None) == expected(None)


@pytest.mark.parametrize("name", BAD)
async def test_a_token_that_does_not_hold_opens_nothing(
    channel: grpc.aio.Channel, name: str
) -> None:
    assert await outcomes(channel, BAD[name]) == expected(None)


@pytest.mark.parametrize("role", BUILT_IN)
async def test_a_role_opens_what_its_permissions_do(channel: grpc.aio.Channel, role: str) -> None:
    assert await outcomes(channel, of_role(role)) == expected(role)


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
