"""The sites where cameras are, and their clocks, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert

from tally.analytics.adapters.tables import camera_sites, sites
from tally.analytics.domain.model import CameraPlaced, SiteClock
from tally.kernel.database import Database


class PostgresPlaces:
    """The tables `camera_sites` and `sites`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place(self, cameras: Sequence[CameraPlaced]) -> None:
        """Remember where cameras are; what is older than what is known changes nothing."""
        rows = {
            (each.camera_id, each.version): {"site_id": each.site_id or None} for each in cameras
        }
        await self._keep_newest(camera_sites, rows)

    async def set_clocks(self, clocks: Sequence[SiteClock]) -> None:
        """Remember which time sites have; what is older than what is known changes nothing."""
        rows = {(each.site_id, each.version): {"time_zone": each.time_zone} for each in clocks}
        await self._keep_newest(sites, rows)

    async def _keep_newest(
        self, table: Table, rows: Mapping[tuple[str, int], Mapping[str, Any]]
    ) -> None:
        """Store rows by id and version."""
        [key] = table.primary_key
        async with self._database.begin() as connection:
            for (id_, version), values in sorted(rows.items(), key=lambda row: row[0]):
                await connection.execute(
                    insert(table)
                    .values({key.name: id_, "version": version, **values})
                    .on_conflict_do_update(
                        index_elements=[key],
                        set_={"version": version, **values},
                        where=table.c.version < version,
                    )
                )
