"""Bytes to and from a gateway, below what client libraries would agree to send."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Self

from hpack import Encoder
from hyperframe.frame import Frame, GoAwayFrame, HeadersFrame, RstStreamFrame, SettingsFrame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE_S = 90
"""Longer than any of the gateway's own time limits."""

_FRAME_HEADER = 9


@asynccontextmanager
async def connected(
    address: str,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to `host:port` on loopback, from one of its sixteen million addresses."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(
        host, int(port), local_addr=(f"127.{'.'.join(map(str, os.urandom(3)))}", 0)
    )
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer_to(address: str, *content: bytes, pause_s: float = 0) -> bytes | None:
    """All that the gateway says until it hangs up; None if it does not within `PATIENCE_S`.

    Args:
        address: `host:port` of the gateway.
        content: What to send, as long as the gateway takes it.
        pause_s: Seconds between one piece of the content and the next.
    """
    async with connected(address) as (reader, writer):
        sending = asyncio.create_task(_send(writer, content, pause_s))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await _read_all(reader)
        except TimeoutError:
            return None
        finally:
            sending.cancel()


async def _send(writer: asyncio.StreamWriter, content: Iterable[bytes], pause_s: float) -> None:
    try:
        for piece in content:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
    except ConnectionError:
        pass  # refused before all was said


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    said = b""
    try:
        while piece := await reader.read(65536):
            said += piece
    except ConnectionError:
        pass  # hanging up with a reset is hanging up
    return said


class Http2:
    """An HTTP/2 connection without any manners."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._encoder = Encoder()

    @classmethod
    @asynccontextmanager
    async def to(cls, address: str, settings: dict[int, int] | None = None) -> AsyncIterator[Self]:
        """A connection to `host:port`, preface and settings sent."""
        async with connected(address) as (reader, writer):
            connection = cls(reader, writer)
            writer.write(PREFACE)
            await connection.send(SettingsFrame(0, settings=settings or {}))
            yield connection

    async def send(self, *frames: Frame | bytes) -> bool:
        """Send frames, well-formed or not; whether the gateway still took them."""
        try:
            for frame in frames:
                self._writer.write(frame if isinstance(frame, bytes) else frame.serialize())
            await self._writer.drain()
        except ConnectionError:
            return False
        return not self._writer.is_closing()

    def request(self, stream: int, method: str, path: str) -> HeadersFrame:
        """A whole request without a body."""
        fields = [
            (":method", method), (":scheme", "http"), (":authority", "tally"), (":path", path),
        ]  # fmt: skip
        return HeadersFrame(
            stream, data=self._encoder.encode(fields), flags=["END_HEADERS", "END_STREAM"]
        )

    async def refused(self) -> bool:
        """Whether the gateway ends the connection, or a stream of it, within `PATIENCE_S`."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    header = await self._reader.readexactly(_FRAME_HEADER)
                    frame, length = Frame.parse_frame_header(memoryview(header))
                    await self._reader.readexactly(length)
                    if isinstance(frame, GoAwayFrame | RstStreamFrame):
                        return True
        except (asyncio.IncompleteReadError, ConnectionError):
            return True
        except TimeoutError:
            return False
