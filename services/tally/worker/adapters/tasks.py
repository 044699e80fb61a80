"""The tasks, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.worker.adapters.tables import tasks
from tally.worker.domain.errors import TaskNotFound
from tally.worker.domain.ports import TaskFilter
from tally.worker.domain.tasks import Priority, Queue, Task, TaskState


class PostgresTasks:
    """The `tasks` table, within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, task_id: str, *, lock: bool = False) -> Task:
        """The task with this id, or TaskNotFound."""
        query = select(tasks).where(tasks.c.id == task_id)
        found = await self._connection.execute(query.with_for_update() if lock else query)
        row = found.one_or_none()
        if row is None:
            raise TaskNotFound(task_id)
        return _task(row)

    async def put(self, task: Task) -> None:
        """Store the task as it is now."""
        values = {field.name: getattr(task, field.name) for field in fields(Task)}
        await self._connection.execute(
            insert(tasks).values(values).on_conflict_do_update(index_elements=["id"], set_=values)
        )

    async def page(self, wanted: TaskFilter, before: str, limit: int) -> Sequence[Task]:
        """At most `limit` tasks, the newest first, created before the one with the id `before`; empty for all."""
        query = select(tasks).order_by(tasks.c.id.desc()).limit(limit)
        if before:
            query = query.where(tasks.c.id < before)
        if wanted.state is not None:
            query = query.where(tasks.c.state == wanted.state)
        if wanted.kind is not None:
            query = query.where(tasks.c.kind == wanted.kind)
        if wanted.sites is not None:
            query = query.where(tasks.c.site_id.in_(wanted.sites))
        return [_task(row) for row in await self._connection.execute(query)]

    async def queue(self) -> Queue:
        """How the queue does."""
        unsettled = (TaskState.QUEUED, TaskState.RUNNING, TaskState.DEAD)
        query = (
            select(tasks.c.state, tasks.c.priority, func.count(), func.min(tasks.c.create_time))
            .where(tasks.c.state.in_(unsettled))
            .group_by(tasks.c.state, tasks.c.priority)
        )
        rows = (await self._connection.execute(query)).all()
        waiting = {
            Priority(priority): (count, oldest)
            for state, priority, count, oldest in rows
            if state is TaskState.QUEUED
        }
        return Queue(
            waiting={priority: waiting.get(priority, (0, None))[0] for priority in Priority},
            running=sum(count for state, _, count, _ in rows if state is TaskState.RUNNING),
            dead=sum(count for state, _, count, _ in rows if state is TaskState.DEAD),
            oldest=min((oldest for _, oldest in waiting.values()), default=None),
        )

    async def forget(self, ended_before: datetime) -> None:
        """Remove those that were done or cancelled before."""
        settled = tasks.c.state.in_((TaskState.SUCCEEDED, TaskState.CANCELLED))
        await self._connection.execute(
            delete(tasks).where(settled, tasks.c.end_time < ended_before)
        )


def _task(row: Row[Any]) -> Task:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Task(**(values | {"priority": Priority(row.priority)}))
