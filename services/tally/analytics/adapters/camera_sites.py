"""The sites where cameras are, in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert

from tally.analytics.adapters.tables import camera_sites
from tally.analytics.domain.model import CameraPlaced
from tally.kernel.database import Database


class PostgresCameraSites:
    """The `camera_sites` table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place(self, cameras: Sequence[CameraPlaced]) -> None:
        """Remember where cameras are; what is older than what is known changes nothing."""
        columns = camera_sites.c
        async with self._database.begin() as connection:
            for camera in sorted(cameras, key=lambda camera: camera.camera_id):
                values = {"site_id": camera.site_id or None, "version": camera.version}
                await connection.execute(
                    insert(camera_sites)
                    .values(camera_id=camera.camera_id, **values)
                    .on_conflict_do_update(
                        index_elements=[columns.camera_id],
                        set_=values,
                        where=columns.version < camera.version,
                    )
                )
