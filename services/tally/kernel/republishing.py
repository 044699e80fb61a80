"""Sends events again when the stream that had them is gone, such as with the disk of its server.

What a context keeps is the record, and its stream a pipe: what was in the pipe and not yet taken out of it is lost
with it. Consumers know events by their ids and versions, so that those they had already change nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Column, DateTime, MetaData, Table, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.kernel.bus import Bus, Stream
from tally.kernel.database import Database

_log = structlog.get_logger(__name__)


def sent_to_table(metadata: MetaData) -> Table:
    """Add the table of streams to a context's tables."""
    return Table(
        "sent_to",
        metadata,
        Column("stream", Text, primary_key=True),
        Column("create_time", DateTime(timezone=True), nullable=False),
        comment="The streams that events were sent to, each known by the time of its creation.",
    )


@dataclass(frozen=True, slots=True)
class Republisher:
    """Fills the outbox again when the stream is another one than that which events were sent to.

    Attributes:
        database: Where outbox and record are.
        sent_to: From `sent_to_table`.
        bus: Where the stream is.
        stream: The stream.
        refill: Puts all that the record tells into the outbox, in place of what is in it for the stream.
    """

    database: Database
    sent_to: Table
    bus: Bus
    stream: Stream
    refill: Callable[[AsyncConnection], Awaitable[None]]

    async def __call__(self) -> None:
        """Look once.

        Raises:
            Unavailable: Database or NATS cannot be reached.
        """
        name, columns = self.stream.name, self.sent_to.c
        create_time = await self.bus.create_time(self.stream)
        known = select(columns.create_time).where(columns.stream == name).with_for_update()
        async with self.database.begin() as connection:
            sent_to = (await connection.execute(known)).scalar_one_or_none()
            if sent_to == create_time:
                return
            if sent_to is not None:
                _log.warning("stream_lost", stream=name, created=str(create_time))
                await self.refill(connection)
            values = {"stream": name, "create_time": create_time}
            await connection.execute(
                insert(self.sent_to)
                .values(values)
                .on_conflict_do_update(index_elements=["stream"], set_=values)
            )
