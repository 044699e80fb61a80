"""`tally login`, `logout`, `whoami`, `token` and `passwd`: who one is at a gateway."""

import asyncio
import os
from typing import Annotated

import grpc
import typer

from tally.api.auth.v1 import auth_service_pb2 as messages
from tally.api.auth.v1 import session_service_pb2
from tally.api.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from tally.api.auth.v1.session_service_pb2_grpc import SessionServiceStub
from tally.cli.credentials import Session, stored_sessions
from tally.cli.failing import CommandError, failing_clearly, warn
from tally.cli.gateway import (
    DEFAULT_GATEWAY,
    CaOption,
    Gateway,
    GatewayOption,
    answering,
    calling,
    logged_in,
    showing,
    stored_tokens,
)
from tally.cli.passwords import PasswordStdinOption, ask_new_password, read_line
from tally.cli.showing import JsonOption, bindings_text, console, local_time, show_json
from tally.kernel.clock import utc_now


def login(
    gateway: GatewayOption = DEFAULT_GATEWAY,
    email: Annotated[str | None, typer.Option(help="Your address; asked for if absent.")] = None,
    password_stdin: PasswordStdinOption = False,
    ca: CaOption = None,
) -> None:
    """Log in at a gateway. Further commands go on as you until `tally logout`, or for 30 days.

    The session is kept in `~/.config/tally/credentials.json`, readable by you alone, one for each gateway.
    Whoever did not choose their password is asked to. Programs put a key into TALLY_API_KEY instead.
    """
    with failing_clearly():
        there = Gateway.at(gateway, ca)
        if os.environ.get("TALLY_API_KEY"):
            raise CommandError(
                "commands would use the key in TALLY_API_KEY rather than your session",
                mend="unset TALLY_API_KEY",
            )
        email = email or typer.prompt("e-mail")
        password = read_line() if password_stdin else typer.prompt("password", hide_input=True)
        caller = asyncio.run(_login(there, email, password))
        if caller.user.password_change_required and password_stdin:
            warn(
                "somebody else knows your password: you may do nothing else before",
                mend="tally passwd",
            )
        elif caller.user.password_change_required:
            console.print("somebody else knows your password, so choose your own now")
            asyncio.run(_passwd(there.url, password, ask_new_password()))


def logout(gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """End the session at a gateway, and forget it here."""
    with failing_clearly():
        asyncio.run(_logout(Gateway.at(gateway)))


def whoami(gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False) -> None:
    """Show who you are at a gateway, and what you may do there."""
    with failing_clearly():
        asyncio.run(_whoami(gateway, as_json=as_json))


def token(gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Print an access token, which holds for some minutes: `curl -H "authorization: Bearer $(tally token)" …`."""
    with failing_clearly():
        typer.echo(asyncio.run(_token(gateway)))


def passwd(
    gateway: GatewayOption = DEFAULT_GATEWAY,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read the present password and the new one from standard input, a line each.",
        ),
    ] = False,
) -> None:
    """Choose another password. You stay logged in here, and are logged out everywhere else."""
    with failing_clearly():
        if password_stdin:
            current, new = read_line(), read_line()
        else:
            current = typer.prompt("present password", hide_input=True)
            new = ask_new_password()
        asyncio.run(_passwd(gateway, current, new))


async def _login(gateway: Gateway, email: str, password: str) -> messages.WhoamiResponse:
    async with answering(gateway), gateway.connect() as channel:
        caller = await _open_session(gateway, channel, email, password)
    console.print(f"logged in at {gateway.url} as {_name(caller)}")
    return caller


async def _open_session(
    gateway: Gateway, channel: grpc.aio.Channel, email: str, password: str
) -> messages.WhoamiResponse:
    """Log in, store the session in place of a former one, and end that."""
    auth = AuthServiceStub(channel)
    asked_at = utc_now()
    answer = await auth.Login(messages.LoginRequest(email=email, password=password))
    session = Session.model_validate(
        {"email": email, "ca": gateway.ca} | stored_tokens(answer.tokens, asked_at)
    )
    async with stored_sessions().changing() as sessions:
        former = sessions.get(gateway.url)
        sessions[gateway.url] = session
    if former:
        await auth.Logout(messages.LogoutRequest(refresh_token=former.refresh_token))
    return await auth.Whoami(
        messages.WhoamiRequest(), metadata=(("authorization", f"Bearer {session.access_token}"),)
    )


async def _logout(gateway: Gateway) -> None:
    """End the session there, then forget it here: what cannot be ended is kept, so that it can be ended later."""
    async with stored_sessions().changing() as sessions:
        session = sessions.get(gateway.url)
        if session is None:
            console.print(f"you are not logged in at {gateway.url}")
            return
        gateway = Gateway(gateway.url, session.ca)
        async with answering(gateway), gateway.connect() as channel:
            request = messages.LogoutRequest(refresh_token=session.refresh_token)
            await AuthServiceStub(channel).Logout(request)
        del sessions[gateway.url]
    console.print(f"logged out at {gateway.url}")


async def _whoami(url: str, *, as_json: bool) -> None:
    async with calling(url) as channel:
        caller = await AuthServiceStub(channel).Whoami(messages.WhoamiRequest())
        session = await _current_session(channel) if caller.HasField("user") else None
    if as_json:
        show_json(caller)
        return
    who = caller.user if caller.HasField("user") else caller.service_account
    console.print(_name(caller))
    console.print("roles        ", bindings_text(who.role_bindings) or "none")
    console.print("permissions  ", " ".join(caller.permissions) or "none")
    for site in caller.site_permissions:
        console.print(f"at site {site.site_id}: {' '.join(site.permissions)}")
    if session:
        console.print("session ends ", local_time(session.expire_time))


async def _current_session(channel: grpc.aio.Channel) -> session_service_pb2.Session | None:
    request = session_service_pb2.ListSessionsRequest()
    answer = await SessionServiceStub(channel).ListSessions(request)
    return next((session for session in answer.sessions if session.current), None)


async def _token(url: str) -> str:
    async with showing(url) as (_, credentials):
        return await credentials.token()


async def _passwd(url: str, current: str, new: str) -> None:
    """Change the password, which ends all sessions, and open the next one."""
    async with calling(url) as channel:
        auth = AuthServiceStub(channel)
        request = messages.ChangePasswordRequest(current_password=current, new_password=new)
        await auth.ChangePassword(request)
    gateway, session = logged_in(url)
    async with answering(gateway), gateway.connect() as channel:
        await _open_session(gateway, channel, session.email, new)
    console.print(f"the password of {session.email} is changed")


def _name(caller: messages.WhoamiResponse) -> str:
    if caller.HasField("user"):
        return f"{caller.user.display_name} <{caller.user.email}>"
    return f"the service account {caller.service_account.name}"
