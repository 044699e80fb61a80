"""All that this context ever told, told again."""

from collections.abc import AsyncIterator

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.camera.adapters.announcing import announcement
from tally.camera.adapters.sites import site_of, told_of
from tally.camera.adapters.tables import events, outbox, sites
from tally.camera.mapping.events import UPCASTERS
from tally.kernel.bus import CAMERA, Envelope
from tally.kernel.event_store import EventStore
from tally.kernel.outbox import BATCH, Outbox


async def refill_outbox(connection: AsyncConnection) -> None:
    """Put the sites as they are and all that happened to cameras into the outbox.

    What is in it for the same stream is among that, and goes: it would leave before what happened earlier.
    """
    await connection.execute(text("LOCK TABLE events, sites IN SHARE MODE"))
    await connection.execute(
        delete(outbox).where(outbox.c.nats_subject.startswith(CAMERA.subject("")))
    )
    box = Outbox(connection, outbox)
    batch: list[tuple[str, Envelope]] = []
    async for told in _told(connection):
        batch.append(told)
        if len(batch) == BATCH:
            await box.add_all(batch)
            batch = []
    await box.add_all(batch)


async def _told(connection: AsyncConnection) -> AsyncIterator[tuple[str, Envelope]]:
    for row in await connection.execute(select(sites)):
        yield told_of(site_of(row))
    async for stored in EventStore(connection, events, UPCASTERS).load_all():
        yield announcement(
            stored.message,
            kind="camera",
            id_=stored.stream_id,
            version=stored.version,
            time=stored.occurred_at,
        )
