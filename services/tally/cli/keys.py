"""`tally keys`: what programs call with, and the service accounts behind them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import uuid4

import grpc
import typer

from tally.api.auth.v1 import service_account_service_pb2 as messages
from tally.api.auth.v1.role_pb2 import RoleBinding
from tally.api.auth.v1.service_account_pb2 import ApiKey, ServiceAccount
from tally.api.auth.v1.service_account_service_pb2_grpc import ServiceAccountServiceStub
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, PAGE_SIZE, GatewayOption, calling, pages
from tally.cli.showing import (
    JsonOption,
    bindings_text,
    console,
    local_time,
    parse_span,
    show_json,
    show_table,
)
from tally.cli.users import RolesOption, parse_roles
from tally.kernel.clock import utc_now

keys = typer.Typer(
    help="Keys that programs put into TALLY_API_KEY; each belongs to a service account, whose roles say what "
    "it may do at most.",
    no_args_is_help=True,
)


@keys.command("list")
def list_keys(
    account: Annotated[
        str | None, typer.Option(help="Name of the service account; absent: of all.")
    ] = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show keys by account; of each only its first characters."""
    with failing_clearly():
        asyncio.run(_list(gateway, account, as_json=as_json))


@keys.command()
def create(
    account: Annotated[
        str,
        typer.Option(help="Name of the service account; with --role it is made if it is missing."),
    ],
    name: Annotated[str, typer.Option(help="What to call the key; absent: as the account.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PERMISSION",
            help="Limits the key to a permission, such as analytics:read. May be repeated; absent: all of the "
            "account's.",
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(metavar="SPAN", help="Ends the key after so long: 12h, 90d; absent: never."),
    ] = None,
    role: RolesOption = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Create a key and print it, this once: nobody can show it again.

    Only the key goes to standard output, so that it can be piped to where it is kept.
    """
    with failing_clearly():
        request = messages.CreateApiKeyRequest(name=name or account, scopes=scope or [])
        if expires:
            request.expire_time.FromDatetime(utc_now() + parse_span(expires, "--expires"))
        asyncio.run(_create(gateway, account, parse_roles(role), request))


@keys.command()
def revoke(
    key: Annotated[
        str, typer.Argument(help="Its id or its first characters, from `tally keys list`.")
    ],
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """End a key. Access tokens that it gave out hold for up to 15 minutes more."""
    with failing_clearly():
        asyncio.run(_revoke(gateway, key))


async def _accounts(channel: grpc.aio.Channel) -> AsyncIterator[ServiceAccount]:
    request = messages.ListServiceAccountsRequest(page_size=PAGE_SIZE)
    async for page in pages(ServiceAccountServiceStub(channel).ListServiceAccounts, request):
        for account in page.service_accounts:
            yield account


async def _keys(channel: grpc.aio.Channel, account: ServiceAccount) -> list[ApiKey]:
    request = messages.ListApiKeysRequest(service_account_id=account.id)
    return list((await ServiceAccountServiceStub(channel).ListApiKeys(request)).api_keys)


async def _find_account(channel: grpc.aio.Channel, name: str) -> ServiceAccount | None:
    async for account in _accounts(channel):
        if account.name == name:
            return account
    return None


async def _list(gateway: str, name: str | None, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        found = [
            (account, await _keys(channel, account))
            async for account in _accounts(channel)
            if name in {None, account.name}
        ]
    if name and not found:
        raise CommandError(f"no service account is called {name}", mend="tally keys list")
    if as_json:
        show_json([key for _, keys_ in found for key in keys_])
        return
    show_table(
        ["key", "account", "roles", "scopes", "last used", "ends"],
        [row for account, keys_ in found for row in _rows(account, keys_)],
    )


def _rows(account: ServiceAccount, found: list[ApiKey]) -> list[tuple[str, ...]]:
    what = (
        account.name + (" (disabled)" if account.disabled else ""),
        bindings_text(account.role_bindings),
    )
    return [
        (
            key.prefix,
            *what,
            " ".join(key.scopes) or "all",
            local_time(key.last_use_time) if key.HasField("last_use_time") else "never",
            local_time(key.expire_time) if key.HasField("expire_time") else "never",
        )
        for key in found
    ] or [("none", *what, "", "", "")]


async def _create(
    gateway: str,
    name: str,
    bindings: list[RoleBinding],
    request: messages.CreateApiKeyRequest,
) -> None:
    async with calling(gateway) as channel:
        account = await _ensure_account(channel, name, bindings)
        request.service_account_id = account.id
        answer = await ServiceAccountServiceStub(channel).CreateApiKey(request)
    typer.echo(answer.secret)


async def _ensure_account(
    channel: grpc.aio.Channel, name: str, bindings: list[RoleBinding]
) -> ServiceAccount:
    """The account with this name, made if there are roles for it.

    Raises:
        CommandError: There is none and no role for it, or there is one with other roles.
    """
    account = await _find_account(channel, name)
    if account and bindings and list(account.role_bindings) != bindings:
        raise CommandError(
            f"{name} is there already, as {bindings_text(account.role_bindings) or 'nothing'}",
            mend="leave --role out, or take another name",
        )
    if account:
        return account
    if not bindings:
        raise CommandError(
            f"no service account is called {name}",
            mend="add --role ROLE to make it; see `tally roles list`",
        )
    wanted = ServiceAccount(name=name, role_bindings=bindings)
    creation = messages.CreateServiceAccountRequest(service_account=wanted, request_id=str(uuid4()))
    answer = await ServiceAccountServiceStub(channel).CreateServiceAccount(creation)
    return answer.service_account


async def _revoke(gateway: str, text: str) -> None:
    async with calling(gateway) as channel:
        matching = [
            key
            async for account in _accounts(channel)
            for key in await _keys(channel, account)
            if text in {key.id, key.prefix}
        ]
        if len(matching) != 1:
            raise CommandError(
                f"{len(matching) or 'no'} keys are {text}",
                mend="name one by its id: tally keys list",
            )
        (key,) = matching
        await ServiceAccountServiceStub(channel).RevokeApiKey(
            messages.RevokeApiKeyRequest(
                service_account_id=key.service_account_id, api_key_id=key.id
            )
        )
    console.print(f"revoked {key.prefix}, {key.name}")
