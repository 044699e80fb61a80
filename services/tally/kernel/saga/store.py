"""Where sagas are kept."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Enum,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.kernel.identity import Sites
from tally.kernel.saga.model import Saga, SagaNotFound, SagaState

_GOING = (SagaState.RUNNING, SagaState.COMPENSATING)
_ENDED = (SagaState.DONE, SagaState.UNDONE, SagaState.ABANDONED)


class Sagas(Protocol):
    """The sagas of a context."""

    async def get(self, saga_id: str) -> Saga:
        """The saga with this id.

        Raises:
            SagaNotFound: There is none.
        """

    async def hold(self, saga_id: str) -> Saga:
        """The saga with this id, which nobody else changes until this unit of work ends.

        Raises:
            SagaNotFound: There is none.
        """

    async def save(self, saga: Saga) -> None:
        """Keep a new saga, or a changed one that is held."""

    async def page(
        self,
        kind: str,
        state: SagaState | None,
        after: str,
        limit: int,
        sites: Sites,
    ) -> Sequence[Saga]:
        """At most `limit` sagas, newest first.

        Args:
            kind: Of this kind.
            state: In this state; None: in any.
            after: Id of the saga that the first one follows; empty for the first of all.
            limit: At most so many.
            sites: At these sites only.
        """

    async def wake(self, subject_id: str, now: datetime) -> None:
        """Have what goes on about a subject looked at now, because something happened to it.

        Nobody is waited for: a saga that is just being looked at will be again by itself.
        """

    async def forget(self, ended_before: datetime) -> None:
        """Remove those that ended before. Parked ones have not: they wait for somebody."""


def sagas_table(metadata: MetaData) -> Table:
    """Add the sagas to a context's tables."""
    table = Table(
        "sagas",
        metadata,
        Column("id", Uuid(as_uuid=False), primary_key=True),
        Column("kind", Text, nullable=False),
        Column("subject_id", Uuid(as_uuid=False), nullable=False, index=True),
        Column("site_id", Text, nullable=False),
        Column("data", JSONB, nullable=False),
        Column("deadline", DateTime(timezone=True), nullable=False),
        Column(
            "state",
            Enum(
                SagaState,
                native_enum=False,
                length=16,
                values_callable=lambda states: [state.value for state in states],
            ),
            nullable=False,
        ),
        Column("undoing", Boolean, nullable=False),
        Column("position", Integer, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_time", DateTime(timezone=True), nullable=False),
        Column("message", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("create_time", DateTime(timezone=True), nullable=False),
        Column("update_time", DateTime(timezone=True), nullable=False),
        comment="What takes several transactions, and how far each is.",
    )
    Index("sagas_state", table.c.state, table.c.next_time)
    Index("sagas_ended", table.c.update_time, postgresql_where=table.c.state.in_(_ENDED))
    return table


class SagaStore:
    """The `sagas` table within one transaction.

    Args:
        connection: Where the transaction runs.
        table: From `sagas_table`.
    """

    def __init__(self, connection: AsyncConnection, table: Table) -> None:
        self._connection = connection
        self._table = table

    async def get(self, saga_id: str) -> Saga:
        """The saga with this id, or SagaNotFound."""
        return await self._one(select(self._table), saga_id)

    async def hold(self, saga_id: str) -> Saga:
        """The saga with this id, locked, or SagaNotFound."""
        return await self._one(select(self._table).with_for_update(), saga_id)

    async def save(self, saga: Saga) -> None:
        """Keep a new saga or a changed one."""
        values = asdict(saga)
        statement = insert(self._table).values(values)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_=values)
        )

    async def page(
        self,
        kind: str,
        state: SagaState | None,
        after: str,
        limit: int,
        sites: Sites,
    ) -> Sequence[Saga]:
        """At most `limit` sagas, newest first."""
        columns = self._table.c
        query = select(self._table).where(columns.kind == kind)
        if state is not None:
            query = query.where(columns.state == state)
        if after:
            query = query.where(columns.id < after)
        if sites is not None:
            query = query.where(columns.site_id.in_(sites))
        query = query.order_by(columns.id.desc()).limit(limit)  # ids sort by time
        return [_saga(row) for row in await self._connection.execute(query)]

    async def wake(self, subject_id: str, now: datetime) -> None:
        """Have what goes on about a subject looked at now."""
        columns = self._table.c
        idle = (
            select(columns.id)
            .where(columns.subject_id == subject_id, columns.state.in_(_GOING))
            .with_for_update(skip_locked=True)
        )
        await self._connection.execute(
            update(self._table).where(columns.id.in_(idle)).values(next_time=now)
        )

    async def forget(self, ended_before: datetime) -> None:
        """Remove those that ended before."""
        columns = self._table.c
        await self._connection.execute(
            delete(self._table).where(columns.state.in_(_ENDED), columns.update_time < ended_before)
        )

    async def claim(self, kinds: Collection[str], now: datetime) -> Saga | None:
        """The saga that has waited longest to be looked at, which nobody else looks at until the transaction ends."""
        columns = self._table.c
        query = (
            select(self._table)
            .where(columns.kind.in_(kinds), columns.state.in_(_GOING), columns.next_time <= now)
            .order_by(columns.next_time)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _saga(row)

    async def _one(self, query: Select[Any], saga_id: str) -> Saga:
        found = await self._connection.execute(query.where(self._table.c.id == saga_id))
        row = found.one_or_none()
        if row is None:
            raise SagaNotFound(saga_id)
        return _saga(row)


def _saga(row: Row[Any]) -> Saga:
    return Saga(**row._mapping)  # noqa: SLF001 - SQLAlchemy's name for the row as a mapping
