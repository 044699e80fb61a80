"""The areas."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.camera.adapters import tables
from tally.camera.adapters.tables import areas, violated_constraint
from tally.camera.domain.area import Area, AreaSpec
from tally.camera.domain.errors import AreaInUse, AreaNameTaken, AreaNotFound, SiteUnknown
from tally.kernel.identity import Sites


class PostgresAreas:
    """The `areas` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, area_id: str) -> Area:
        """The area with this id, or AreaNotFound."""
        return await self._one(select(areas), area_id)

    async def hold(self, area_id: str) -> Area:
        """The area with this id, locked, or AreaNotFound."""
        return await self._one(select(areas).with_for_update(), area_id)

    async def page(
        self, site_id: str, after: tuple[str, str] | None, limit: int, seen: Sites
    ) -> Sequence[Area]:
        """At most `limit` areas of the seen sites by name and id, from the first behind the place `after`."""
        query = select(areas).order_by(areas.c.name, areas.c.id).limit(limit)
        if site_id:
            query = query.where(areas.c.site_id == site_id)
        if after is not None:
            query = query.where(tuple_(areas.c.name, areas.c.id) > after)
        if seen is not None:
            query = query.where(areas.c.site_id.in_(seen))
        return [_area(row) for row in await self._connection.execute(query)]

    async def save(self, area: Area) -> None:
        """Store a new area or a changed one, or raise AreaNameTaken or SiteUnknown."""
        values = _values(area)
        try:
            await self._connection.execute(
                insert(areas)
                .values(values)
                .on_conflict_do_update(index_elements=["id"], set_=values)
            )
        except IntegrityError as error:
            match violated_constraint(error):
                case tables.UNIQUE_AREA_NAME:
                    raise AreaNameTaken(area.spec.name) from error
                case tables.KNOWN_SITE_OF_AREA:
                    raise SiteUnknown(area.spec.site_id) from error
            raise

    async def remove(self, area_id: str) -> None:
        """Forget an area, or raise AreaInUse."""
        try:
            await self._connection.execute(delete(areas).where(areas.c.id == area_id))
        except IntegrityError as error:
            if violated_constraint(error) != tables.KNOWN_AREA:
                raise
            raise AreaInUse from error

    async def _one(self, query: Select[Any], area_id: str) -> Area:
        found = await self._connection.execute(query.where(areas.c.id == area_id))
        row = found.one_or_none()
        if row is None:
            raise AreaNotFound(area_id)
        return _area(row)


def _values(area: Area) -> dict[str, Any]:
    return {
        "id": area.id,
        "site_id": area.spec.site_id,
        "name": area.spec.name,
        "version": area.version,
        "create_time": area.create_time,
        "update_time": area.update_time,
    }


def _area(row: Row[Any]) -> Area:
    return Area(
        id=row.id,
        spec=AreaSpec(site_id=row.site_id, name=row.name),
        version=row.version,
        create_time=row.create_time,
        update_time=row.update_time,
    )
