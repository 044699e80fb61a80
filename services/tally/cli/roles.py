"""`tally roles`: sets of permissions that users and service accounts hold."""

import asyncio

import typer

from tally.api.auth.v1 import role_service_pb2 as messages
from tally.api.auth.v1.role_service_pb2_grpc import RoleServiceStub
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, PAGE_SIZE, GatewayOption, calling, pages
from tally.cli.showing import JsonOption, show_json, show_table

roles = typer.Typer(help="What users and service accounts can be.", no_args_is_help=True)


@roles.command("list")
def list_roles(gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False) -> None:
    """Show the roles and what they permit."""
    with failing_clearly():
        asyncio.run(_list(gateway, as_json=as_json))


async def _list(gateway: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        request = messages.ListRolesRequest(page_size=PAGE_SIZE)
        listed = pages(RoleServiceStub(channel).ListRoles, request)
        found = [role async for page in listed for role in page.roles]
    if as_json:
        show_json(found)
        return
    show_table(
        ["role", "name", "permissions", ""],
        [
            (
                role.id,
                role.display_name,
                " ".join(role.permissions),
                "built in" if role.built_in else "",
            )
            for role in found
        ],
    )
