"""The cameras and their assignments, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.worker.adapters.tables import assignments, cameras
from tally.worker.domain.assignment import Place
from tally.worker.domain.camera import Camera, CameraState
from tally.worker.domain.load import frames_wanted
from tally.worker.domain.model import Assignment
from tally.worker.domain.ports import Epochs, Tenure
from tally.worker.domain.stream import StreamCondition, StreamState, StreamStatus

_WANTED = (cameras.c.state == CameraState.ACTIVE.value) & (cameras.c.stream_version > 0)
_NOTHING_HEARD = {"stream_state": None, "stream_conditions": frozenset[StreamCondition]()}


class PostgresCameras:
    """The `cameras` and `assignments` tables, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, camera_id: str) -> Camera:
        """The camera; one that nothing is known of yet if it is new."""
        query = select(cameras).where(cameras.c.camera_id == camera_id)
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            return Camera(camera_id=camera_id)
        values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
        return Camera(**(values | {"state": CameraState(row.state)}))

    async def put(self, camera: Camera) -> None:
        """Store the camera as it is now."""
        values = {field.name: getattr(camera, field.name) for field in fields(Camera)}
        values["state"] = camera.state.value
        await self._connection.execute(
            insert(cameras)
            .values(values)
            .on_conflict_do_update(index_elements=["camera_id"], set_=values)
        )

    async def places(self) -> Sequence[Place]:
        """Where every camera is that is wanted or held."""
        query = (
            select(
                cameras.c.camera_id,
                _WANTED.label("wanted"),
                assignments.c.worker_id,
                cameras.c.site_id,
                cameras.c.labels,
                (assignments.c.stream_state == StreamState.ENDED.value).label("ended"),
                cameras.c.detector,
                cameras.c.max_frames_per_second,
                assignments.c.nominal_frames_per_second,
            )
            .outerjoin(assignments, assignments.c.camera_id == cameras.c.camera_id)
            .where(or_(_WANTED, assignments.c.worker_id.is_not(None)))
        )
        return [
            Place(
                row.camera_id,
                row.wanted,
                row.worker_id,
                row.site_id,
                row.labels,
                ended=bool(row.ended),
                detector=row.detector,
                frames_per_second=frames_wanted(
                    row.max_frames_per_second, row.nominal_frames_per_second or 0.0
                ),
            )
            for row in await self._connection.execute(query)
        ]

    async def tenures(self, worker_id: str) -> Sequence[Tenure]:
        """The cameras that a worker holds."""
        query = select(assignments).where(assignments.c.worker_id == worker_id)
        return [
            Tenure(
                row.camera_id,
                row.epoch,
                None if row.stream_state is None else StreamState(row.stream_state),
                row.stream_conditions,
                row.heard_time,
            )
            for row in await self._connection.execute(query)
        ]

    async def move(self, camera_id: str, to_worker: str | None, now: datetime) -> Epochs:
        """Give a camera to a worker, or to nobody."""
        values = {"camera_id": camera_id, "worker_id": to_worker, **_NOTHING_HEARD}
        # A subquery of the statement does not see what the statement does.
        former = select(assignments.c.epoch).where(assignments.c.camera_id == camera_id)
        least = int(now.timestamp())
        moved = await self._connection.execute(
            insert(assignments)
            .values(values | {"epoch": least})
            .on_conflict_do_update(
                index_elements=["camera_id"],
                set_=values | {"epoch": func.greatest(assignments.c.epoch + 1, least)},
            )
            .returning(func.coalesce(former.scalar_subquery(), 0), assignments.c.epoch)
        )
        return Epochs(*moved.one())

    async def hear(self, camera_id: str, status: StreamStatus, now: datetime) -> None:
        """Remember what a camera's holder said of its stream."""
        await self._connection.execute(
            update(assignments)
            .where(assignments.c.camera_id == camera_id)
            .values(
                stream_state=status.state.value,
                stream_conditions=frozenset(status.conditions),
                heard_time=now,
                nominal_frames_per_second=status.nominal_frames_per_second,
            )
        )

    async def assignments(self, worker_id: str) -> Sequence[Assignment]:
        """What a worker is to run, by camera."""
        query = (
            select(cameras, assignments.c.epoch)
            .join(assignments, assignments.c.camera_id == cameras.c.camera_id)
            .where(assignments.c.worker_id == worker_id)
            .order_by(cameras.c.camera_id)
        )
        return [
            Assignment(
                camera_id=row.camera_id,
                name=row.name,
                site_id=row.site_id,
                epoch=row.epoch,
                config_version=max(row.stream_version, row.counting_version),
                stream=row.stream,
                sealed_credentials=row.sealed_credentials,
                counting=row.counting,
                activate_time=row.activate_time,
            )
            for row in await self._connection.execute(query)
        ]
