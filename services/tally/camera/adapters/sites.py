"""The sites; each change is told in its transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.api.camera.v1 import site_events_pb2
from tally.camera.adapters import tables
from tally.camera.adapters.announcing import announcement
from tally.camera.adapters.tables import outbox, sites, violated_constraint
from tally.camera.domain.errors import SiteInUse, SiteNameTaken, SiteNotFound
from tally.camera.domain.site import Site, SiteSpec
from tally.camera.mapping.sites import site_to_proto
from tally.kernel.bus import Envelope
from tally.kernel.identity import Sites
from tally.kernel.outbox import Outbox


class PostgresSites:
    """The `sites` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._outbox = Outbox(connection, outbox)

    async def get(self, site_id: str) -> Site:
        """The site with this id, or SiteNotFound."""
        return await self._one(select(sites), site_id)

    async def hold(self, site_id: str) -> Site:
        """The site with this id, locked, or SiteNotFound."""
        return await self._one(select(sites).with_for_update(), site_id)

    async def page(self, after: str, limit: int, seen: Sites) -> Sequence[Site]:
        """At most `limit` of the seen sites in order of name, from the first whose name follows `after`."""
        query = select(sites).where(sites.c.name > after).order_by(sites.c.name).limit(limit)
        if seen is not None:
            query = query.where(sites.c.id.in_(seen))
        return [site_of(row) for row in await self._connection.execute(query)]

    async def save(self, site: Site) -> None:
        """Store a new site or a changed one, or raise SiteNameTaken."""
        values = _values(site)
        try:
            await self._connection.execute(
                insert(sites)
                .values(values)
                .on_conflict_do_update(index_elements=["id"], set_=values)
            )
        except IntegrityError as error:
            if violated_constraint(error) != tables.UNIQUE_SITE_NAME:
                raise
            raise SiteNameTaken(site.spec.name) from error
        await self._outbox.add(*told_of(site))

    async def remove(self, site: Site, at: datetime) -> None:
        """Forget a site, or raise SiteInUse."""
        try:
            await self._connection.execute(delete(sites).where(sites.c.id == site.id))
        except IntegrityError as error:
            if violated_constraint(error) not in (tables.KNOWN_SITE, tables.KNOWN_SITE_OF_AREA):
                raise
            raise SiteInUse from error
        deleted = site_events_pb2.SiteDeleted(site_id=site.id)
        told = announcement(deleted, kind="site", id_=site.id, version=site.version + 1, time=at)
        await self._outbox.add(*told)

    async def _one(self, query: Select[Any], site_id: str) -> Site:
        found = await self._connection.execute(query.where(sites.c.id == site_id))
        row = found.one_or_none()
        if row is None:
            raise SiteNotFound(site_id)
        return site_of(row)


def told_of(site: Site) -> tuple[str, Envelope]:
    """The event that tells of the site as it is, and where to send it."""
    kind = site_events_pb2.SiteCreated if site.version == 1 else site_events_pb2.SiteUpdated
    return announcement(
        kind(site=site_to_proto(site)),
        kind="site",
        id_=site.id,
        version=site.version,
        time=site.update_time,
    )


def site_of(row: Row[Any]) -> Site:
    """The site that a row keeps."""
    return Site(
        id=row.id,
        spec=SiteSpec(
            name=row.name,
            address=row.address,
            time_zone=row.time_zone,
            capacity=row.capacity,
            opening_hours=row.opening_hours,
        ),
        version=row.version,
        create_time=row.create_time,
        update_time=row.update_time,
    )


def _values(site: Site) -> dict[str, Any]:
    return {
        "id": site.id,
        "name": site.spec.name,
        "address": site.spec.address,
        "time_zone": site.spec.time_zone,
        "capacity": site.spec.capacity,
        "opening_hours": site.spec.opening_hours,
        "version": site.version,
        "create_time": site.create_time,
        "update_time": site.update_time,
    }
