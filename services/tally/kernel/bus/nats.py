"""The connection to NATS, and publishing over it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self
from urllib.parse import urlsplit

import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import PubAck
from nats.js.errors import Error as JetStreamError

from tally.kernel.bus.envelope import Envelope
from tally.kernel.bus.streams import Stream, ensure_streams
from tally.kernel.errors import Unavailable

CONNECT_TIMEOUT_S = 10.0
PUBLISH_TIMEOUT_S = 5.0
WINDOW = 4000
"""Publishes under way at once: more than what all publishers of a process send in one go."""

_log = structlog.get_logger(__name__)


def inbox_prefix(user: str) -> str:
    """Where answers to a NATS user arrive: each has a place of its own, so that nobody reads another's."""
    return f"_INBOX_{user}"


class ConnectionGone(Exception):
    """The client has ended the connection for good, as it does when the server reports an error."""


class Bus:
    """One process's connection to NATS; it comes back by itself whenever the server does."""

    def __init__(self, client: Client, domain: str = "") -> None:
        self.client = client
        self.jetstream: JetStreamContext = client.jetstream(
            domain=domain or None, timeout=PUBLISH_TIMEOUT_S, publish_async_max_pending=WINDOW
        )

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, *, name: str, domain: str = "") -> AsyncIterator[Self]:
        """A connected bus whose streams are there.

        Args:
            url: NATS URL with user and password.
            name: What the server calls this client.
            domain: JetStream domain of the streams, needed across a leaf node; empty for that of the server itself.

        Raises:
            Unavailable: The server cannot be reached or refuses the user.
        """
        try:
            # Once connected it comes back for ever; whether it connects at all is the caller's to know soon.
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                client = await nats.connect(
                    url,
                    name=name,
                    inbox_prefix=inbox_prefix(urlsplit(url).username or ""),
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.5,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    error_cb=_note_error,
                    disconnected_cb=_note_disconnected,
                    reconnected_cb=_note_reconnected,
                )
        except (OSError, TimeoutError, nats.errors.Error) as error:
            raise Unavailable(f"NATS cannot be reached: {str(error) or 'no answer'}") from error
        bus = cls(client, domain)
        try:
            await bus.ensure_streams()
            yield bus
        finally:
            await client.close()

    async def ensure_streams(self) -> None:
        """Create the streams that are missing.

        Raises:
            Unavailable: The server cannot be reached.
        """
        try:
            await ensure_streams(self.jetstream)
        except (nats.errors.Error, JetStreamError) as error:
            raise Unavailable(f"JetStream does not answer: {error}") from error

    async def create_time(self, stream: Stream) -> datetime:
        """When a stream came into being, which is now if it was missing.

        Raises:
            Unavailable: The server cannot be reached.
        """
        await self.ping()
        await self.ensure_streams()
        try:
            info = await self.jetstream.stream_info(stream.name)
        except (nats.errors.Error, JetStreamError) as error:
            raise Unavailable(f"JetStream does not answer: {error}") from error
        if info.created is None:
            raise Unavailable(f"JetStream does not say when {stream.name} was created")
        return info.created

    @property
    def reconnects(self) -> int:
        """How often the connection was lost and made again."""
        return self.client.stats["reconnects"]

    def check_open(self) -> None:
        """Return unless only a new connection can help, which a new process makes.

        Raises:
            ConnectionGone: The client does not try to connect any more.
        """
        if self.client.is_closed:
            raise ConnectionGone(f"the connection to NATS was ended: {self.client.last_error}")

    async def ping(self) -> None:
        """Return if the server answers.

        Raises:
            Unavailable: It does not.
        """
        if not self.client.is_connected:
            raise Unavailable("NATS cannot be reached")

    async def publish(self, events: Iterable[tuple[str, Envelope]]) -> None:
        """Send events and wait until the server has acknowledged every one.

        Args:
            events: Subject and event, in order.

        Raises:
            Unavailable: Not all were acknowledged; sending all again is harmless.
        """
        # Unconnected, the client would keep what it is given, and more of it with each attempt.
        await self.ping()
        under_way: list[asyncio.Future[PubAck]] = []
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                for subject, event in events:
                    under_way.append(
                        await self.jetstream.publish_async(
                            subject, event.payload, headers=event.headers()
                        )
                    )
                await asyncio.gather(*under_way)
        except (TimeoutError, OSError, nats.errors.Error, JetStreamError) as error:
            raise Unavailable(
                f"NATS acknowledged not everything: {str(error) or type(error).__name__}"
            ) from error
        finally:
            # What is never acknowledged would keep its place in the client's window for ever.
            for future in under_way:
                future.cancel()


async def _note_error(error: Exception) -> None:
    _log.warning("nats_error", error=str(error) or type(error).__name__)


async def _note_disconnected() -> None:
    _log.warning("nats_disconnected")


async def _note_reconnected() -> None:
    _log.info("nats_reconnected")
