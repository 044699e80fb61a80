"""`tally sites`: where cameras are."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated
from uuid import uuid4

import grpc
import typer

from tally.api.camera.v1 import site_service_pb2 as messages
from tally.api.camera.v1.site_pb2 import OpeningHours, Site, Weekday
from tally.api.camera.v1.site_service_pb2_grpc import SiteServiceStub
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, PAGE_SIZE, GatewayOption, calling, pages
from tally.cli.showing import JsonOption, console, show_json, show_table

sites = typer.Typer(help="Places where cameras are.", no_args_is_help=True)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

SiteArgument = Annotated[
    str, typer.Argument(metavar="SITE", help="Its name or id, from `tally sites list`.")
]
AddressOption = Annotated[str | None, typer.Option(help="Where people find it.")]
CapacityOption = Annotated[int | None, typer.Option(min=0, help="How many people it holds.")]
OpenOption = Annotated[
    list[str] | None,
    typer.Option(
        "--open",
        metavar="DAY=FROM-TO",
        help="When it is open, on its own clocks: mon=09:00-18:30 or mon-fri=09:00-24:00. May be repeated.",
    ),
]


@sites.command("list")
def list_sites(gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False) -> None:
    """Show the sites."""
    with failing_clearly():
        asyncio.run(_list(gateway, as_json=as_json))


@sites.command()
def create(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    time_zone: Annotated[
        str, typer.Option(metavar="ZONE", help="Of the IANA database, such as Asia/Ho_Chi_Minh.")
    ],
    address: AddressOption = None,
    capacity: CapacityOption = None,
    opening: OpenOption = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Create a site and print its id."""
    with failing_clearly():
        wanted = Site(
            name=name,
            time_zone=time_zone,
            address=address or "",
            capacity=capacity or 0,
            opening_hours=parse_opening(opening or []),
        )
        asyncio.run(_create(gateway, wanted))


@sites.command("set")
def change(
    site: SiteArgument,
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Of the IANA database.")
    ] = None,
    address: AddressOption = None,
    capacity: CapacityOption = None,
    opening: OpenOption = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Change what is named of a site; opening hours are replaced as a whole."""
    given = {
        "name": name,
        "time_zone": time_zone,
        "address": address,
        "capacity": capacity,
        "opening_hours": opening,
    }
    with failing_clearly():
        wanted = Site(
            name=name or "",
            time_zone=time_zone or "",
            address=address or "",
            capacity=capacity or 0,
            opening_hours=parse_opening(opening or []),
        )
        request = messages.UpdateSiteRequest(site=wanted)
        request.update_mask.paths.extend(
            field for field, value in given.items() if value is not None
        )
        if not request.update_mask.paths:
            raise CommandError("nothing to change", mend="name it; see tally sites set --help")
        asyncio.run(_change(gateway, site, request))


@sites.command()
def delete(site: SiteArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Delete a site at which there are no cameras and no areas."""
    with failing_clearly():
        asyncio.run(_delete(gateway, site))


def parse_opening(texts: Sequence[str], option: str = "--open") -> list[OpeningHours]:
    """The hours that options name.

    Raises:
        typer.BadParameter: One names no days, or no two times.
    """
    hours = []
    for text in texts:
        days, equals, times = text.partition("=")
        first, _, last = days.lower().partition("-")
        opens, dash, closes = times.partition("-")
        if not (equals and dash and opens and closes) or not {first, last or first} <= {*DAYS}:
            raise typer.BadParameter(
                f"{text!r} is not like mon=09:00-18:30 or mon-fri=09:00-18:30", param_hint=option
            )
        span = range(DAYS.index(first), DAYS.index(last or first) + 1)
        if not span:
            raise typer.BadParameter(f"{text!r} goes past Sunday: split it", param_hint=option)
        hours += [
            OpeningHours(day=Weekday.ValueType(day + 1), opens=opens, closes=closes) for day in span
        ]
    return hours


async def find_site(channel: grpc.aio.Channel, name_or_id: str) -> Site | None:
    """The site of this name or id, if there is one."""
    async for site in _all(channel):
        if name_or_id in {site.id, site.name}:
            return site
    return None


async def site_called(channel: grpc.aio.Channel, name_or_id: str) -> Site:
    """The site of this name or id.

    Raises:
        CommandError: There is none.
    """
    site = await find_site(channel, name_or_id)
    if site is None:
        raise CommandError(f"no site is called {name_or_id}", mend="tally sites list")
    return site


async def site_names(channel: grpc.aio.Channel) -> dict[str, str]:
    """What the sites are called, by their ids."""
    return {site.id: site.name async for site in _all(channel)}


async def _all(channel: grpc.aio.Channel) -> AsyncIterator[Site]:
    request = messages.ListSitesRequest(page_size=PAGE_SIZE)
    async for page in pages(SiteServiceStub(channel).ListSites, request):
        for site in page.sites:
            yield site


async def _list(gateway: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        found = [site async for site in _all(channel)]
    if as_json:
        show_json(found)
        return
    show_table(
        ["name", "time zone", "address", "capacity", "open", "id"],
        [
            (
                site.name,
                site.time_zone,
                site.address,
                str(site.capacity or ""),
                ", ".join(
                    f"{DAYS[hours.day - 1]} {hours.opens}-{hours.closes}"
                    for hours in site.opening_hours
                ),
                site.id,
            )
            for site in found
        ],
    )


async def _create(gateway: str, wanted: Site) -> None:
    async with calling(gateway) as channel:
        request = messages.CreateSiteRequest(site=wanted, request_id=str(uuid4()))
        answer = await SiteServiceStub(channel).CreateSite(request)
    console.print(answer.site.id)


async def _change(gateway: str, name: str, request: messages.UpdateSiteRequest) -> None:
    async with calling(gateway) as channel:
        site = await site_called(channel, name)
        request.site.id, request.site.etag = site.id, site.etag
        answer = await SiteServiceStub(channel).UpdateSite(request)
    console.print(f"changed {answer.site.name}")


async def _delete(gateway: str, name: str) -> None:
    async with calling(gateway) as channel:
        site = await site_called(channel, name)
        request = messages.DeleteSiteRequest(site_id=site.id, etag=site.etag)
        await SiteServiceStub(channel).DeleteSite(request)
    console.print(f"deleted {site.name}")
