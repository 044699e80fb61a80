"""What workers last said of the streams."""

from sqlalchemy import delete, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.camera.adapters.tables import STATUS, cameras, stream_statuses
from tally.camera.domain.model import Camera, CameraState
from tally.camera.domain.stream import StreamStatus
from tally.kernel.connections import driver

_SAID = "SELECT status::text FROM stream_statuses WHERE camera_id = $1"


class PostgresStreamStatuses:
    """The `stream_statuses` table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def record(self, camera_id: str, epoch: int, status: StreamStatus) -> None:
        """Keep `status` if the camera is active and nothing newer is known."""
        columns = stream_statuses.c
        said = (
            select(
                cameras.c.id,
                literal(epoch, columns.epoch.type),
                literal(status.update_time, columns.update_time.type),
                literal(status, columns.status.type),
            )
            .where(cameras.c.id == camera_id, cameras.c.state == CameraState.ACTIVE)
            # A deactivation that is under way is waited for: it clears what was said before it.
            .with_for_update(read=True)
        )
        statement = insert(stream_statuses).from_select(
            [columns.camera_id, columns.epoch, columns.update_time, columns.status], said
        )
        newer = tuple_(statement.excluded.epoch, statement.excluded.update_time)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[columns.camera_id],
                set_={
                    name: statement.excluded[name] for name in ("epoch", "update_time", "status")
                },
                where=newer > tuple_(columns.epoch, columns.update_time),
            )
        )

    async def of(self, camera: Camera) -> StreamStatus | None:
        """What was last said of this camera's stream."""
        if camera.state is not CameraState.ACTIVE:
            return None
        said = await driver(self._connection).fetchval(_SAID, camera.id)
        return STATUS.validate_json(said) if said else None

    async def clear(self, camera_id: str) -> None:
        """Forget what was said of this camera's stream."""
        await self._connection.execute(
            delete(stream_statuses).where(stream_statuses.c.camera_id == camera_id)
        )
