"""Makes repeated creations create once: a caller names a request, and its answer is found again by that name."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from google.protobuf.message import Message
from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Table, Text, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.kernel.errors import AlreadyExists
from tally.kernel.messages import without_sensitive

KEPT = timedelta(days=7)
"""How long a request can be repeated."""


class RequestIdReused(AlreadyExists):
    """The request id stands for a request with other content, or of somebody else."""

    reason = "REQUEST_ID_REUSED"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"request_id {request_id} stands for another request: choose another",
            metadata={"request_id": request_id},
        )


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """A request to create something.

    Attributes:
        id: Chosen by the caller; empty makes every request a new one.
        digest: Tells requests with other content apart.
    """

    id: str = ""
    digest: bytes = b""

    @classmethod
    def of(cls, message: Message, request_id: str, caller: str) -> "CreateRequest":
        """What a message with a `request_id` asks for.

        Args:
            message: The request. Its sensitive fields do not count: nothing of them is kept.
            request_id: Chosen by the caller; empty makes every request a new one.
            caller: Who asks, such as `user:0190…`: nobody repeats a request of somebody else's.
        """
        told = without_sensitive(message).SerializeToString(deterministic=True)
        return cls(request_id, sha256(caller.encode() + b"\0" + told).digest())


UNNAMED = CreateRequest()
"""A request that nobody can repeat."""


class Requests(Protocol):
    """Requests that created something."""

    async def claim(self, request: CreateRequest, resource_id: str, now: datetime) -> str | None:
        """Note that the request creates `resource_id`; returns the id of what it has created before, if it has.

        Raises:
            RequestIdReused: It had other content, or another caller, then.
        """

    async def sweep(self, now: datetime) -> None:
        """Forget requests that are too old to be repeated."""


def create_requests_table(metadata: MetaData) -> Table:
    """Add the requests to a context's tables."""
    return Table(
        "create_requests",
        metadata,
        Column("request_id", Text, primary_key=True),
        Column("digest", LargeBinary, nullable=False),
        Column("resource_id", Text, nullable=False),
        Column("create_time", DateTime(timezone=True), nullable=False),
        comment="Requests that created something, so that repeating them creates nothing.",
    )


class CreateRequests:
    """The requests that created something.

    Args:
        connection: Where the transaction runs.
        table: From `create_requests_table`.
    """

    def __init__(self, connection: AsyncConnection, table: Table) -> None:
        self._connection = connection
        self._table = table

    async def claim(self, request: CreateRequest, resource_id: str, now: datetime) -> str | None:
        """Note that the request creates `resource_id`; returns the id of what it has created before, if it has.

        Raises:
            RequestIdReused: It had other content, or another caller, then.
        """
        if not request.id:
            return None
        # Of two equal requests at once, the second waits here for the outcome of the first.
        noted = await self._connection.execute(
            insert(self._table)
            .values(
                request_id=request.id,
                digest=request.digest,
                resource_id=resource_id,
                create_time=now,
            )
            .on_conflict_do_nothing()
            .returning(self._table.c.request_id)
        )
        return None if noted.one_or_none() is not None else await self.find(request)

    async def find(self, request: CreateRequest) -> str | None:
        """The id of what the request has created before, if it has.

        Raises:
            RequestIdReused: It had other content, or another caller, then.
        """
        known = await self._connection.execute(
            select(self._table).where(self._table.c.request_id == request.id)
        )
        row = known.one_or_none()
        if row is None:
            return None
        if row.digest != request.digest:
            raise RequestIdReused(request.id)
        return str(row.resource_id)

    async def sweep(self, now: datetime) -> None:
        """Forget requests that are too old to be repeated."""
        await self._connection.execute(
            delete(self._table).where(self._table.c.create_time < now - KEPT)
        )
