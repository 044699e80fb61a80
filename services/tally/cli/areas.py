"""`tally areas`: the parts of sites."""

import asyncio
from typing import Annotated
from uuid import uuid4

import grpc
import typer

from tally.api.camera.v1 import area_service_pb2 as messages
from tally.api.camera.v1.area_pb2 import Area
from tally.api.camera.v1.area_service_pb2_grpc import AreaServiceStub
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, PAGE_SIZE, GatewayOption, calling, pages
from tally.cli.showing import JsonOption, console, show_json, show_table
from tally.cli.sites import SiteArgument, site_called, site_names

areas = typer.Typer(help="Parts of sites, such as floors and halls.", no_args_is_help=True)

AreaArgument = Annotated[
    str, typer.Argument(metavar="AREA", help="Its name or id, from `tally areas list`.")
]


@areas.command("list")
def list_areas(
    site: Annotated[
        str, typer.Argument(metavar="[SITE]", help="Of this site only; its name or id.")
    ] = "",
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show the areas, of one site or of all."""
    with failing_clearly():
        asyncio.run(_list(gateway, site, as_json=as_json))


@areas.command()
def create(
    site: SiteArgument,
    name: Annotated[str, typer.Argument(help="What to call it.")],
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Create an area of a site and print its id."""
    with failing_clearly():
        asyncio.run(_create(gateway, site, name))


@areas.command()
def rename(
    site: SiteArgument,
    area: AreaArgument,
    name: Annotated[str, typer.Argument(help="What to call it from now on.")],
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Give an area another name."""
    with failing_clearly():
        asyncio.run(_rename(gateway, site, area, name))


@areas.command()
def delete(
    site: SiteArgument, area: AreaArgument, gateway: GatewayOption = DEFAULT_GATEWAY
) -> None:
    """Delete an area in which there are no cameras."""
    with failing_clearly():
        asyncio.run(_delete(gateway, site, area))


async def areas_of(channel: grpc.aio.Channel, site_id: str = "") -> list[Area]:
    """The areas of a site; without one, of all that the caller may see."""
    request = messages.ListAreasRequest(site_id=site_id, page_size=PAGE_SIZE)
    listed = pages(AreaServiceStub(channel).ListAreas, request)
    return [area async for page in listed for area in page.areas]


async def area_called(channel: grpc.aio.Channel, site_id: str, name_or_id: str) -> Area:
    """The area of this site with this name or id.

    Raises:
        CommandError: There is none.
    """
    for area in await areas_of(channel, site_id):
        if name_or_id in {area.id, area.name}:
            return area
    raise CommandError(f"no area of the site is called {name_or_id}", mend="tally areas list")


async def _list(gateway: str, site_name: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        site_id = (await site_called(channel, site_name)).id if site_name else ""
        found = await areas_of(channel, site_id)
        names = await site_names(channel)
    if as_json:
        show_json(found)
        return
    show_table(
        ["name", "site", "id"],
        [(area.name, names.get(area.site_id, area.site_id), area.id) for area in found],
    )


async def _create(gateway: str, site_name: str, name: str) -> None:
    async with calling(gateway) as channel:
        site = await site_called(channel, site_name)
        request = messages.CreateAreaRequest(
            area=Area(site_id=site.id, name=name), request_id=str(uuid4())
        )
        answer = await AreaServiceStub(channel).CreateArea(request)
    console.print(answer.area.id)


async def _rename(gateway: str, site_name: str, area_name: str, name: str) -> None:
    async with calling(gateway) as channel:
        site = await site_called(channel, site_name)
        area = await area_called(channel, site.id, area_name)
        request = messages.UpdateAreaRequest(area=Area(id=area.id, etag=area.etag, name=name))
        request.update_mask.paths.append("name")
        answer = await AreaServiceStub(channel).UpdateArea(request)
    console.print(f"{area.name} is called {answer.area.name}")


async def _delete(gateway: str, site_name: str, area_name: str) -> None:
    async with calling(gateway) as channel:
        site = await site_called(channel, site_name)
        area = await area_called(channel, site.id, area_name)
        request = messages.DeleteAreaRequest(area_id=area.id, etag=area.etag)
        await AreaServiceStub(channel).DeleteArea(request)
    console.print(f"deleted {area.name}")
