"""`tally notifications`: what people were told."""

import asyncio
from typing import Annotated

import typer

from tally.api.notification.v1 import notification_service_pb2 as messages
from tally.api.notification.v1.notification_service_pb2_grpc import NotificationServiceStub
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, local_time, show_json, show_table
from tally.cli.sites import site_called


def notifications(
    site: Annotated[
        str, typer.Option(metavar="SITE", help="Only about this site, by name or id.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 50,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show what people were told, the newest first."""
    with failing_clearly():
        asyncio.run(_list(gateway, site, limit, as_json=as_json))


async def _list(gateway: str, site: str, limit: int, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        request = messages.ListNotificationsRequest(page_size=limit)
        if site:
            request.site_id = (await site_called(channel, site)).id
        found = (await NotificationServiceStub(channel).ListNotifications(request)).notifications
    if as_json:
        show_json(found)
        return
    show_table(
        ["time", "what", "more"],
        [(local_time(each.create_time), each.title, each.body) for each in found],
    )
