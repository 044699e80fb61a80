"""The switches of detectors."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, Select, or_, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.camera.adapters.tables import model_switches
from tally.camera.domain.errors import SwitchNotFound
from tally.camera.domain.model_switch import ModelSwitch
from tally.kernel.identity import Sites


class PostgresModelSwitches:
    """The `model_switches` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, switch_id: str) -> ModelSwitch:
        """The switch with this id, or SwitchNotFound."""
        return await self._one(select(model_switches), switch_id)

    async def hold(self, switch_id: str) -> ModelSwitch:
        """The switch with this id, locked, or SwitchNotFound."""
        return await self._one(select(model_switches).with_for_update(), switch_id)

    async def page(self, after: str, limit: int, sites: Sites) -> Sequence[ModelSwitch]:
        """At most `limit` switches that changed cameras at these sites, newest first."""
        columns = model_switches.c
        query = select(model_switches).order_by(columns.id.desc()).limit(limit)  # ids sort by time
        if after:
            query = query.where(columns.id < after)
        if sites is not None:
            changed = type_coerce(columns.cameras, JSONB)
            query = query.where(
                or_(False, *(changed.contains([{"site_id": site}]) for site in sorted(sites)))
            )
        return [_switch(row) for row in await self._connection.execute(query)]

    async def save(self, switch: ModelSwitch) -> None:
        """Store a new switch or a changed one."""
        values = {field.name: getattr(switch, field.name) for field in fields(switch)}
        statement = insert(model_switches).values(values)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_=values)
        )

    async def _one(self, query: Select[Any], switch_id: str) -> ModelSwitch:
        found = await self._connection.execute(query.where(model_switches.c.id == switch_id))
        row = found.one_or_none()
        if row is None:
            raise SwitchNotFound(switch_id)
        return _switch(row)


def _switch(row: Row[Any]) -> ModelSwitch:
    return ModelSwitch(**row._mapping)  # noqa: SLF001 - SQLAlchemy's name for the row as a mapping
