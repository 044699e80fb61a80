"""`tally users`: who can log in, and what they may do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import uuid4

import grpc
import typer
from google.protobuf.field_mask_pb2 import FieldMask

from tally.api.auth.v1 import user_service_pb2 as messages
from tally.api.auth.v1.role_pb2 import RoleBinding
from tally.api.auth.v1.user_pb2 import User
from tally.api.auth.v1.user_service_pb2_grpc import UserServiceStub
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, PAGE_SIZE, GatewayOption, calling, is_id, pages
from tally.cli.passwords import PasswordStdinOption, ask_new_password, read_line
from tally.cli.showing import JsonOption, bindings_text, console, local_time, show_json, show_table

users = typer.Typer(help="Who can log in, and what they may do.", no_args_is_help=True)

UserArgument = Annotated[
    str, typer.Argument(metavar="USER", help="The user's e-mail address or id.")
]
RolesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        metavar="ROLE[@SITE,…]",
        help="A role to hold everywhere, or at the named sites alone. May be repeated.",
    ),
]


@users.command("list")
def list_users(gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False) -> None:
    """Show everybody who can log in."""
    with failing_clearly():
        asyncio.run(_list(gateway, as_json=as_json))


@users.command()
def create(
    email: Annotated[str, typer.Argument(help="The address to log in with.")],
    name: Annotated[str, typer.Option(help="What people call the user; absent: the address.")] = "",
    role: RolesOption = None,
    password_stdin: PasswordStdinOption = False,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Create a user with a first password, which they are told to change at their first login."""
    with failing_clearly():
        user = User(email=email, display_name=name or email, role_bindings=parse_roles(role))
        password = read_line() if password_stdin else ask_new_password()
        asyncio.run(_create(gateway, user, password))


@users.command()
def invite(
    email: Annotated[str, typer.Argument(help="Who is invited.")],
    role: RolesOption = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Invite somebody to register by themselves; they are sent a token for it."""
    with failing_clearly():
        asyncio.run(_invite(gateway, email, parse_roles(role)))


@users.command()
def update(
    user: UserArgument,
    name: Annotated[str | None, typer.Option(help="What people are to call the user.")] = None,
    role: RolesOption = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Change a user's name, or the roles: those given take the place of all they have. Other roles end the sessions."""
    with failing_clearly():
        wanted = User(display_name=name or "", role_bindings=parse_roles(role))
        given = {"display_name": name, "role_bindings": role}
        mask = [field for field, value in given.items() if value is not None]
        if not mask:
            raise typer.BadParameter("nothing to change: give --name or --role")
        asyncio.run(_update(gateway, user, wanted, mask, "changed"))


@users.command()
def disable(user: UserArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Keep a user from logging in, and end their sessions."""
    with failing_clearly():
        asyncio.run(_update(gateway, user, User(disabled=True), ["disabled"], "disabled"))


@users.command()
def enable(user: UserArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Let a disabled user log in again."""
    with failing_clearly():
        asyncio.run(_update(gateway, user, User(disabled=False), ["disabled"], "enabled"))


@users.command()
def delete(
    user: UserArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Delete a user with all their sessions."""
    if not yes:
        typer.confirm(f"delete {user}?", abort=True)
    with failing_clearly():
        asyncio.run(_delete(gateway, user))


def parse_roles(texts: list[str] | None) -> list[RoleBinding]:
    """The bindings that `--role` options name.

    Raises:
        typer.BadParameter: One names no role, or no site after its `@`.
    """
    bindings = []
    for text in texts or []:
        role, at, sites = text.partition("@")
        site_ids = sites.split(",") if at else []
        if not role or not all(site_ids):
            raise typer.BadParameter(f"{text!r} is not ROLE or ROLE@SITE,…", param_hint="--role")
        bindings.append(RoleBinding(role_id=role, site_ids=site_ids))
    return bindings


async def find_user(channel: grpc.aio.Channel, text: str) -> User:
    """The user with this address or id.

    Raises:
        CommandError: There is none with this address.
    """
    if is_id(text):
        request = messages.GetUserRequest(user_id=text)
        return (await UserServiceStub(channel).GetUser(request)).user
    async for user in _all_users(channel):
        if user.email == text.strip().lower():
            return user
    raise CommandError(f"no user has the address {text}", mend="tally users list")


async def _all_users(channel: grpc.aio.Channel) -> AsyncIterator[User]:
    request = messages.ListUsersRequest(page_size=PAGE_SIZE)
    async for page in pages(UserServiceStub(channel).ListUsers, request):
        for user in page.users:
            yield user


async def _list(gateway: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        found = [user async for user in _all_users(channel)]
    if as_json:
        show_json(found)
        return
    show_table(
        ["e-mail", "name", "roles", "since", ""],
        [
            (
                user.email,
                user.display_name,
                bindings_text(user.role_bindings),
                local_time(user.create_time),
                "disabled" if user.disabled else "",
            )
            for user in found
        ],
    )


async def _create(gateway: str, user: User, password: str) -> None:
    request = messages.CreateUserRequest(user=user, password=password, request_id=str(uuid4()))
    async with calling(gateway) as channel:
        created = (await UserServiceStub(channel).CreateUser(request)).user
    console.print(f"created {created.email} with the id {created.id}")


async def _invite(gateway: str, email: str, bindings: list[RoleBinding]) -> None:
    request = messages.InviteUserRequest(email=email, role_bindings=bindings)
    async with calling(gateway) as channel:
        answer = await UserServiceStub(channel).InviteUser(request)
    console.print(f"invited {email}; the invitation ends {local_time(answer.expire_time)}")


async def _update(gateway: str, text: str, wanted: User, mask: list[str], done: str) -> None:
    async with calling(gateway) as channel:
        user = await find_user(channel, text)
        wanted.id, wanted.etag = user.id, user.etag
        request = messages.UpdateUserRequest(user=wanted, update_mask=FieldMask(paths=mask))
        await UserServiceStub(channel).UpdateUser(request)
    console.print(f"{done} {user.email}")


async def _delete(gateway: str, text: str) -> None:
    async with calling(gateway) as channel:
        user = await find_user(channel, text)
        request = messages.DeleteUserRequest(user_id=user.id, etag=user.etag)
        await UserServiceStub(channel).DeleteUser(request)
    console.print(f"deleted {user.email}")
