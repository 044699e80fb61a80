"""`tally sessions`: where users are logged in."""

import asyncio
from typing import Annotated

import typer

from tally.api.auth.v1 import session_service_pb2 as messages
from tally.api.auth.v1.session_service_pb2_grpc import SessionServiceStub
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, console, local_time, show_json, show_table
from tally.cli.users import find_user

sessions = typer.Typer(
    help="Where users are logged in. Everybody sees and ends their own.", no_args_is_help=True
)


@sessions.command("list")
def list_sessions(
    user: Annotated[
        str | None, typer.Option(help="Whose, by e-mail address or id; absent: your own.")
    ] = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show sessions, newest first."""
    with failing_clearly():
        asyncio.run(_list(gateway, user, as_json=as_json))


@sessions.command()
def revoke(
    session: Annotated[str, typer.Argument(help="Its id, from `tally sessions list`.")],
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """End a session. Access tokens that it gave out hold for up to 15 minutes more."""
    with failing_clearly():
        asyncio.run(_revoke(gateway, session))


async def _list(gateway: str, user: str | None, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        request = messages.ListSessionsRequest()
        if user:
            request.user_id = (await find_user(channel, user)).id
        found = (await SessionServiceStub(channel).ListSessions(request)).sessions
    if as_json:
        show_json(found)
        return
    show_table(
        ["id", "last used", "from", "program"],
        [
            (
                session.id,
                local_time(session.last_use_time),
                session.address,
                session.user_agent.partition(" ")[0] + (" (this one)" if session.current else ""),
            )
            for session in found
        ],
    )


async def _revoke(gateway: str, session_id: str) -> None:
    async with calling(gateway) as channel:
        await SessionServiceStub(channel).RevokeSession(
            messages.RevokeSessionRequest(session_id=session_id)
        )
    console.print(f"ended the session {session_id}")
