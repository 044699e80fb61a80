"""The cameras, arranged for reading."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.camera.adapters.listing import COLUMNS, behind, met
from tally.camera.adapters.tables import cameras, stream_statuses
from tally.camera.domain.errors import CameraNotFound
from tally.camera.domain.listing import CameraQuery, Condition
from tally.camera.domain.model import Camera, CameraView
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.status import CameraStatus
from tally.kernel.identity import Sites


class PostgresReadModel:
    """The `cameras` table, which follows the events within their transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, camera_id: str) -> CameraView:
        """The camera with this id, or CameraNotFound."""
        found = await self._connection.execute(_views().where(cameras.c.id == camera_id))
        row = found.one_or_none()
        if row is None:
            raise CameraNotFound(camera_id)
        return _view(row)

    async def page(
        self, query: CameraQuery, after: tuple[str, str] | None, limit: int, sites: Sites
    ) -> Sequence[CameraView]:
        """At most `limit` cameras of these sites as the query says, from the first behind the place `after`."""
        statement = _views(*query.conditions).limit(limit)
        for column in (COLUMNS[query.order], cameras.c.id):
            statement = statement.order_by(column.desc() if query.descending else column)
        if after is not None:
            statement = statement.where(behind(query, after))
        if sites is not None:
            statement = statement.where(cameras.c.site_id.in_(sites))
        return [_view(row) for row in await self._connection.execute(statement)]

    async def find_one(self, *conditions: Condition) -> CameraView | None:
        """One that meets all the conditions; None if there is none."""
        found = await self._connection.execute(_views(*conditions).limit(1))
        row = found.one_or_none()
        return None if row is None else _view(row)

    async def find_all(self, *conditions: Condition) -> AsyncIterator[CameraView]:
        """Those that meet all the conditions, read a batch at a time."""
        async with self._connection.stream(_views(*conditions)) as result:
            async for row in result:
                yield _view(row)

    async def count(self, *conditions: Condition) -> int:
        """How many meet all the conditions."""
        found = _views(*conditions).with_only_columns(func.count())
        return (await self._connection.execute(found)).scalar_one()

    async def statuses(self) -> Sequence[CameraStatus]:
        """How all cameras do."""
        columns = cameras.c.id, cameras.c.name, cameras.c.site_id, cameras.c.state
        found = await self._connection.execute(
            _views().with_only_columns(*columns, stream_statuses.c.status)
        )
        return [
            CameraStatus(id_, name, site_id or "", state, status)
            for id_, name, site_id, state, status in found
        ]

    async def detectors(self, sites: Sites) -> Mapping[str, int]:
        """How many cameras of these sites use each detector: what they name or, failing that, run with."""
        named = func.nullif(cameras.c.counting["detector"].astext, "")
        used = func.coalesce(named, stream_statuses.c.status["detector"].astext, "")
        query = _views().with_only_columns(used, func.count()).group_by(used)
        if sites is not None:
            query = query.where(cameras.c.site_id.in_(sites))
        return {name: count for name, count in await self._connection.execute(query) if name}

    async def hold(self) -> None:
        """Lock all cameras against changes."""
        await self._connection.execute(text("LOCK TABLE cameras IN EXCLUSIVE MODE"))

    async def replace(self, true: Collection[Camera]) -> None:
        """Show these cameras and no others."""
        await self._connection.execute(delete(cameras))
        if true:
            await self._connection.execute(insert(cameras), [_values(camera) for camera in true])


def _views(*conditions: Condition) -> Select[Any]:
    views = select(cameras, stream_statuses.c.status).outerjoin(
        stream_statuses, stream_statuses.c.camera_id == cameras.c.id
    )
    return views.where(*map(met, conditions))


def _values(camera: Camera) -> dict[str, Any]:
    return {
        "id": camera.id,
        "name": camera.spec.name,
        "stream": camera.spec.stream,
        "counting": camera.spec.counting,
        "labels": camera.spec.labels,
        "site_id": camera.spec.site_id or None,
        "area_id": camera.spec.area_id or None,
        "location": camera.spec.location,
        "state": camera.state,
        "version": camera.version,
        "create_time": camera.create_time,
        "update_time": camera.update_time,
        "sealed_credentials": camera.sealed_credentials,
    }


def _camera(row: Row[Any]) -> Camera:
    return Camera(
        id=row.id,
        spec=CameraSpec(
            name=row.name,
            stream=row.stream,
            counting=row.counting,
            labels=row.labels,
            site_id=row.site_id or "",
            area_id=row.area_id or "",
            location=row.location,
        ),
        state=row.state,
        version=row.version,
        create_time=row.create_time,
        update_time=row.update_time,
        sealed_credentials=row.sealed_credentials,
    )


def _view(row: Row[Any]) -> CameraView:
    return CameraView(_camera(row), row.status)
