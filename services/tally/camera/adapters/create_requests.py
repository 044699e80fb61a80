"""The requests that created cameras."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.camera.adapters.tables import create_requests
from tally.camera.domain.errors import RequestIdReused
from tally.camera.domain.spec import CameraSpec


class PostgresCreateRequests:
    """The `create_requests` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, request_id: str, camera_id: str, spec: CameraSpec) -> str:
        """The id of the camera that this request creates or has created."""
        # Of two equal requests at once, the second waits here for the outcome of the first.
        await self._connection.execute(
            insert(create_requests)
            .values(request_id=request_id, camera_id=camera_id, spec=spec)
            .on_conflict_do_nothing()
        )
        claimed = await self._connection.execute(
            select(create_requests).where(create_requests.c.request_id == request_id)
        )
        row = claimed.one()
        if row.spec != spec:
            raise RequestIdReused(request_id)
        return str(row.camera_id)
