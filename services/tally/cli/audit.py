"""`tally audit`: what was done, by whom, and whether the record of it is whole."""

import asyncio
from typing import Annotated

import typer

from tally.api.auth.v1 import audit_service_pb2 as messages
from tally.api.auth.v1.audit_service_pb2_grpc import AuditServiceStub
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, PAGE_SIZE, GatewayOption, calling, pages
from tally.cli.showing import JsonOption, console, local_time, parse_span, show_json, show_table
from tally.kernel.clock import utc_now

LOG = "The audit log, for super admins"
audit = typer.Typer(
    help="The log of what was done, by whom; and audits of what cameras count, by hand.",
    no_args_is_help=True,
)


@audit.command("list", rich_help_panel=LOG)
def list_entries(
    since: Annotated[str, typer.Option(metavar="SPAN", help="How far back: 90m, 12h, 7d.")] = "24h",
    principal: Annotated[str, typer.Option(help="Only of this caller, such as user:0190….")] = "",
    method: Annotated[
        str,
        typer.Option(
            help="Only of this method, such as tally.api.camera.v1.CameraService/DeleteCamera."
        ),
    ] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only calls that failed.")] = False,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show entries of the audit log, newest first."""
    with failing_clearly():
        request = messages.ListAuditEntriesRequest(
            page_size=PAGE_SIZE, principal=principal, method=method, failed=failed
        )
        request.start_time.FromDatetime(utc_now() - parse_span(since, "--since"))
        asyncio.run(_list(gateway, request, as_json=as_json))


@audit.command(rich_help_panel=LOG)
def verify(gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Check that no entry was changed or removed; status 1 if one was.

    Keep the last hash elsewhere: with it you can tell later that the end was not cut off.
    """
    with failing_clearly():
        asyncio.run(_verify(gateway))


async def _list(gateway: str, request: messages.ListAuditEntriesRequest, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        listed = pages(AuditServiceStub(channel).ListAuditEntries, request)
        found = [entry async for page in listed for entry in page.entries]
    if as_json:
        show_json(found)
        return
    show_table(
        ["", "time", "who", "from", "method", "outcome"],
        [
            (
                str(entry.sequence),
                local_time(entry.record.time),
                entry.record.principal or "nobody known",
                entry.record.address,
                entry.record.method.rpartition(".")[2],
                " ".join([entry.record.outcome, entry.record.reason]).strip(),
            )
            for entry in found
        ],
    )


async def _verify(gateway: str) -> None:
    async with calling(gateway) as channel:
        answer = await AuditServiceStub(channel).VerifyAuditLog(messages.VerifyAuditLogRequest())
    if not answer.whole:
        raise CommandError(
            f"the audit log is broken from entry {answer.first_broken_sequence} on",
            mend="take the database from service, and compare it with a backup",
        )
    console.print(f"whole: {answer.entries} entries; last hash {answer.last_hash}")
