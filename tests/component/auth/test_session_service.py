"""Seeing where one is logged in, and ending sessions: one's own, or those of others for who manages them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import grpc
import pytest

from tally.api.auth.v1 import session_service_pb2 as messages
from tally.api.auth.v1.session_service_pb2_grpc import SessionServiceStub
from tally.auth.domain.model import SESSION_LIFETIME
from tally.kernel.grpc.server import RunningServer
from tests.component.auth.calls import PASSWORD, Caller, outcome, refused
from tests.component.auth.conftest import ADMIN_EMAIL, ADMIN_PASSWORD, MovableClock
from tests.component.auth.programs import Accounts, calling_with, exchange

NOBODY = "00000000-0000-4000-8000-000000000000"


class Sessions:
    """The contract's methods."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._service = SessionServiceStub(channel)

    async def list(self, user_id: str = "") -> list[messages.Session]:
        request = messages.ListSessionsRequest(user_id=user_id)
        return list((await self._service.ListSessions(request)).sessions)

    async def revoke(self, session_id: str) -> None:
        request = messages.RevokeSessionRequest(session_id=session_id)
        await self._service.RevokeSession(request)


@pytest.fixture
async def root(channel: grpc.aio.Channel) -> Caller:
    return await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)


@asynccontextmanager
async def sessions_of(server: RunningServer, caller: Caller) -> AsyncIterator[Sessions]:
    """The methods as `caller` calls them."""
    async with calling_with(server.address, caller.tokens.access_token) as channel:
        yield Sessions(channel)


@pytest.fixture
async def sessions(server: RunningServer, root: Caller) -> AsyncIterator[Sessions]:
    async with sessions_of(server, root) as own:
        yield own


async def test_a_session_tells_its_program_its_address_and_its_times(
    sessions: Sessions, root: Caller, clock: MovableClock
) -> None:
    (session,) = await sessions.list()
    assert session.user_id == (await root.whoami()).user.id
    assert session.user_agent.startswith("grpc-python-asyncio/")
    assert "127.0.0.1" in session.address
    assert session.last_use_time == session.create_time
    lifetime = session.expire_time.ToMicroseconds() - session.create_time.ToMicroseconds()
    assert lifetime == SESSION_LIFETIME / timedelta(microseconds=1)
    clock.ahead += timedelta(minutes=1)
    await root.refresh(root.tokens.refresh_token)
    (used,) = await sessions.list()
    assert 59 <= used.last_use_time.seconds - session.last_use_time.seconds <= 90
    used.last_use_time.CopyFrom(session.last_use_time)
    assert used == session


async def test_sessions_are_listed_newest_first_and_one_is_the_callers(
    sessions: Sessions, channel: grpc.aio.Channel, server: RunningServer
) -> None:
    later = await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)
    assert [session.current for session in await sessions.list()] == [False, True]
    async with sessions_of(server, later) as elsewhere:
        assert [session.current for session in await elsewhere.list()] == [True, False]


async def test_a_session_that_is_over_is_not_listed(
    sessions: Sessions, clock: MovableClock
) -> None:
    clock.ahead += SESSION_LIFETIME - timedelta(minutes=1)
    assert len(await sessions.list()) == 1
    clock.ahead += timedelta(minutes=1)
    assert await sessions.list() == []


async def test_everybody_ends_their_own_sessions(
    root: Caller, channel: grpc.aio.Channel, server: RunningServer
) -> None:
    await root.create("b@example.org")
    first, second = [await Caller(channel).login("b@example.org", PASSWORD) for _ in range(2)]
    async with sessions_of(server, second) as own:
        kept, ended = await own.list()
        for _ in range(2):  # ending twice is as good as once
            await own.revoke(ended.id)
        assert await own.list() == [kept]
    async with refused("REFRESH_TOKEN_INVALID"):
        await first.refresh(first.tokens.refresh_token)
    await second.refresh(second.tokens.refresh_token)


async def test_sessions_of_others_are_for_who_sees_and_manages_them(
    root: Caller, channel: grpc.aio.Channel, server: RunningServer, sessions: Sessions
) -> None:
    first = (await root.whoami()).user.id
    ids = {}
    for name, role in (("ana", "admin"), ("bea", "operator")):
        ids[name] = (await root.create(f"{name}@example.org", role)).id
    ana, bea = [
        await Caller(channel).login(f"{name}@example.org", PASSWORD) for name in ("ana", "bea")
    ]
    (roots,) = await sessions.list()
    (anas,) = await sessions.list(ids["ana"])
    (beas,) = await sessions.list(ids["bea"])
    assert not anas.current
    async with sessions_of(server, bea) as limited:
        assert len(await limited.list(ids["bea"])) == 1
        for call in (limited.list(ids["ana"]), limited.revoke(anas.id)):
            async with refused("BEYOND_OWN_PERMISSIONS"):
                await call
    async with sessions_of(server, ana) as managing:
        assert [session.id for session in await managing.list(first)] == [roots.id]
        async with refused("BEYOND_OWN_PERMISSIONS"):
            await managing.revoke(roots.id)
        await managing.revoke(beas.id)
    async with refused("REFRESH_TOKEN_INVALID"):
        await bea.refresh(bea.tokens.refresh_token)
    assert await sessions.list(ids["bea"]) == []
    assert await sessions.list(NOBODY) == []


async def test_programs_have_no_sessions_and_may_manage_those_of_users(
    root: Caller, channel: grpc.aio.Channel, server: RunningServer
) -> None:
    async with calling_with(server.address, root.tokens.access_token) as managing:
        accounts = Accounts(managing)
        account = await accounts.create("watch", "super-admin")
        key = await accounts.create_key(account.id, "user:read")
    first = (await root.whoami()).user.id
    async with calling_with(server.address, await exchange(channel, key.secret)) as program:
        limited = Sessions(program)
        assert await outcome(limited.list()) is grpc.StatusCode.PERMISSION_DENIED
        (session,) = await limited.list(first)
        assert not session.current
        async with refused("BEYOND_OWN_PERMISSIONS"):
            await limited.revoke(session.id)
