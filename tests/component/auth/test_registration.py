"""Coming in by invitation, by oneself, and by a token when the password is lost."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import grpc
import pytest
from google.protobuf.message import Message

from tally.api.auth.v1 import (
    auth_service_pb2,
    auth_service_pb2_grpc,
    events_pb2,
    role_pb2,
    role_service_pb2,
    role_service_pb2_grpc,
    user_pb2,
    user_service_pb2,
    user_service_pb2_grpc,
)
from tally.auth.application.command.register import Registration
from tally.auth.bootstrap import auth_server
from tally.auth.domain.one_time_tokens import INVITATION_LIFETIME, RESET_LIFETIME
from tally.auth.settings import AuthSettings
from tally.kernel.bus import AUTH, Bus, Envelope
from tally.kernel.grpc.client import connect
from tests.component.auth.calls import PASSWORD, Caller, everywhere, outcome, refused, roles
from tests.component.auth.conftest import ADMIN_EMAIL, ADMIN_PASSWORD, MovableClock

NEW_PASSWORD = "eleven grey whales"
ANNA = "anna@example.org"


class Post:
    """What is sent to people."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def next(self) -> Message:
        async with asyncio.timeout(10):
            message = await self._subscription.next_msg(timeout=10)
        return Envelope.parse(message.headers or {}, message.data).message()

    async def open(self) -> None:
        self._subscription = await self._bus.jetstream.subscribe(
            AUTH.subject(">"), ordered_consumer=True
        )


@pytest.fixture
async def post(nats_url: str, channel: grpc.aio.Channel) -> AsyncIterator[Post]:
    async with Bus.connect(nats_url, name="post") as bus:
        post = Post(bus)
        await post.open()
        yield post


@pytest.fixture
async def root(channel: grpc.aio.Channel) -> Caller:
    return await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)


async def register(
    channel: grpc.aio.Channel, email: str = ANNA, invitation: str = ""
) -> user_pb2.User:
    request = auth_service_pb2.RegisterRequest(
        email=email, display_name="Anna", password=PASSWORD, invitation=invitation
    )
    return (await auth_service_pb2_grpc.AuthServiceStub(channel).Register(request)).user


async def invite(
    channel: grpc.aio.Channel, inviter: Caller, *role_ids: str
) -> user_service_pb2.InviteUserResponse:
    request = user_service_pb2.InviteUserRequest(
        email="Anna@Example.org", role_bindings=everywhere(*role_ids)
    )
    stub = user_service_pb2_grpc.UserServiceStub(channel)
    return await stub.InviteUser(request, metadata=inviter.metadata)


async def ask_for_reset(channel: grpc.aio.Channel, email: str) -> None:
    request = auth_service_pb2.RequestPasswordResetRequest(email=email)
    await auth_service_pb2_grpc.AuthServiceStub(channel).RequestPasswordReset(request)


async def reset(channel: grpc.aio.Channel, token: str, password: str = NEW_PASSWORD) -> None:
    request = auth_service_pb2.ResetPasswordRequest(token=token, new_password=password)
    await auth_service_pb2_grpc.AuthServiceStub(channel).ResetPassword(request)


async def token_for_anna(channel: grpc.aio.Channel, post: Post, root: Caller) -> str:
    """A reset token of a user called Anna."""
    await root.create(ANNA, "viewer")
    await ask_for_reset(channel, "Anna@example.org ")
    event = await post.next()
    assert isinstance(event, events_pb2.PasswordResetRequested)
    assert event.email == ANNA
    return event.token


async def test_who_was_invited_comes_in_once_with_the_roles_of_the_invitation(
    channel: grpc.aio.Channel, root: Caller, post: Post
) -> None:
    async with refused("REGISTRATION_CLOSED"):
        await register(channel)
    await invite(channel, root, "operator")
    event = await post.next()
    assert isinstance(event, events_pb2.UserInvited)
    assert event.email == ANNA
    async with refused("TOKEN_INVALID"):
        await register(channel, "somebody.else@example.org", event.token)
    user = await register(channel, ANNA, event.token)
    assert roles(user) == ["operator"]
    assert not user.password_change_required
    await Caller(channel).login(ANNA, PASSWORD)
    async with refused("TOKEN_INVALID"):
        await register(channel, ANNA, event.token)
    async with refused("EMAIL_TAKEN"):
        await invite(channel, root, "operator")


async def test_a_later_invitation_replaces_an_earlier_one_and_each_ends(
    channel: grpc.aio.Channel, root: Caller, post: Post, clock: MovableClock
) -> None:
    tokens = []
    for role in ("guest", "viewer"):
        await invite(channel, root, role)
        event = await post.next()
        assert isinstance(event, events_pb2.UserInvited)
        tokens.append(event.token)
    async with refused("TOKEN_INVALID"):
        await register(channel, ANNA, tokens[0])
    clock.ahead = INVITATION_LIFETIME + timedelta(seconds=1)
    async with refused("TOKEN_INVALID"):
        await register(channel, ANNA, tokens[1])


async def test_nobody_invites_beyond_their_own_permissions(
    channel: grpc.aio.Channel, root: Caller
) -> None:
    await root.create("admin@example.org", "admin")
    admin = await Caller(channel).login("admin@example.org", PASSWORD)
    async with refused("BEYOND_OWN_PERMISSIONS"):
        await invite(channel, admin, "super-admin")
    async with refused("ROLE_NOT_FOUND"):
        await invite(channel, admin, "no-such-role")
    await invite(channel, root, "super-admin")
    async with refused("BEYOND_OWN_PERMISSIONS"):
        await invite(channel, admin, "viewer")


async def test_a_role_stays_while_an_invitation_gives_it(
    channel: grpc.aio.Channel, root: Caller
) -> None:
    roles_ = role_service_pb2_grpc.RoleServiceStub(channel)
    night_shift = role_pb2.Role(
        id="night-shift", display_name="Night shift", permissions=["camera:read"]
    )
    await roles_.CreateRole(
        role_service_pb2.CreateRoleRequest(role=night_shift), metadata=root.metadata
    )
    await invite(channel, root, "night-shift")
    async with refused("ROLE_IN_USE"):
        await roles_.DeleteRole(
            role_service_pb2.DeleteRoleRequest(role_id="night-shift"), metadata=root.metadata
        )


@pytest.mark.parametrize("registration", [Registration.OPEN, Registration.OFF])
async def test_the_settings_decide_who_may_register(
    settings: AuthSettings, registration: Registration
) -> None:
    chosen = settings.model_copy(update={"registration": registration})
    async with auth_server(chosen) as server, connect(server.address) as channel:
        if registration is Registration.OPEN:
            assert roles(await register(channel)) == ["guest"]
        else:
            async with refused("REGISTRATION_CLOSED"):
                await register(channel, ANNA, "invitation")


async def test_who_lost_the_password_gets_another_and_all_sessions_end(
    channel: grpc.aio.Channel, root: Caller, post: Post
) -> None:
    token = await token_for_anna(channel, post, root)
    thief = await Caller(channel).login(ANNA, PASSWORD)
    async with refused("PASSWORD_TOO_COMMON"):
        await reset(channel, token, "password1234")
    await reset(channel, token)
    async with refused("REFRESH_TOKEN_INVALID"):
        await thief.refresh(thief.tokens.refresh_token)
    await Caller(channel).login(ANNA, NEW_PASSWORD)
    async with refused("TOKEN_INVALID"):
        await reset(channel, token)


async def test_a_reset_token_ends(
    channel: grpc.aio.Channel, root: Caller, post: Post, clock: MovableClock
) -> None:
    token = await token_for_anna(channel, post, root)
    clock.ahead = RESET_LIFETIME + timedelta(seconds=1)
    async with refused("TOKEN_INVALID"):
        await reset(channel, token)


async def test_asking_tells_nothing_about_who_exists(
    channel: grpc.aio.Channel, root: Caller, post: Post
) -> None:
    await ask_for_reset(channel, "nobody@example.org")
    await token_for_anna(channel, post, root)


async def test_asking_again_and_again_is_refused(channel: grpc.aio.Channel) -> None:
    outcomes = [await outcome(ask_for_reset(channel, ANNA)) for _ in range(11)]
    assert outcomes[-1] is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert grpc.StatusCode.RESOURCE_EXHAUSTED not in outcomes[:10]


async def test_a_repeated_request_creates_one_user(channel: grpc.aio.Channel, root: Caller) -> None:
    stub = user_service_pb2_grpc.UserServiceStub(channel)
    request = user_service_pb2.CreateUserRequest(
        user=user_pb2.User(email=ANNA, display_name="Anna"),
        password=PASSWORD,
        request_id="0190a5b2-0000-7000-8000-000000000001",
    )
    first, second = [
        (await stub.CreateUser(request, metadata=root.metadata)).user for _ in range(2)
    ]
    assert first == second
    request.user.display_name = "Another"
    async with refused("REQUEST_ID_REUSED"):
        await stub.CreateUser(request, metadata=root.metadata)
