"""Serves one camera inside a decoder process."""

import asyncio
import mmap
import os
import pickle
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from tally.worker.agent.decoding.messages import (
    ANSWERS,
    AWAIT,
    Answer,
    Delivered,
    Ended,
    Failed,
    Opened,
    Ready,
)
from tally.worker.agent.reader import FrameReader
from tally.worker.agent.sources import Frame, SourceError, SourceErrorReason, VideoSource

OPEN_S = 60.0
"""Longest time that opening takes; FFmpeg's own timeouts are far shorter."""
STOP_S = 15.0
"""Longest time until a reading thread has ended; FFmpeg's own timeouts are shorter."""
HUNG = 70
"""Exit status when a thread is stuck in FFmpeg: only the process's end frees it."""
LENGTH = struct.Struct("!I")
"""Stands before the pickled function that opens the source."""


async def serve_camera(connection: socket.socket, memory: int) -> None:
    """Open what the worker names and deliver a frame each time that it asks, until it hangs up.

    Args:
        connection: To the worker.
        memory: Descriptor of the memory that pictures go to; the worker gives it its size.
    """
    asked, answers = await asyncio.open_unix_connection(sock=connection)
    try:
        (length,) = LENGTH.unpack(await asked.readexactly(LENGTH.size))
        opening = pickle.loads(await asked.readexactly(length))  # noqa: S301 - from the worker, who started this
        source = await _open(opening)
        reader = FrameReader(source, drop=source.info.live)
        reader.start()
        try:
            _tell(answers, Opened(source.info))
            await _deliver(asked, answers, reader, memory)
        finally:
            await _stop(reader)
    except SourceError as error:
        _tell(answers, Failed(error.reason, str(error)))
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the worker hung up
    except Exception as error:
        # The type alone: what others say may hold the address with its credentials.
        what = f"the source cannot be decoded: {type(error).__name__}"
        _tell(answers, Failed(SourceErrorReason.DECODER_FAILED, what))
    finally:
        os.close(memory)
        answers.close()
        with suppress(ConnectionError):
            await answers.wait_closed()


async def _deliver(
    asked: asyncio.StreamReader, answers: asyncio.StreamWriter, reader: FrameReader, memory: int
) -> None:
    picture = None
    asking = asyncio.ensure_future(asked.read(1))
    while question := await asking:
        # The worker asks nothing before it has the answer: what comes meanwhile is the end.
        asking = asyncio.ensure_future(asked.read(1))
        working = asyncio.ensure_future(reader.ready() if question == AWAIT else reader.get())
        try:
            await asyncio.wait({asking, working}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                return
            frame = working.result()
        finally:
            working.cancel()
        if question == AWAIT:
            _tell(answers, Ready())
            continue
        if frame is None:
            _tell(answers, Ended(reader.dropped, reader.corrupt))
            return
        if picture is None:
            picture = np.frombuffer(mmap.mmap(memory, 0), np.uint8).reshape(frame.image.shape)
        np.copyto(picture, frame.image)
        _tell(answers, _delivered(frame, reader))


def _delivered(frame: Frame, reader: FrameReader) -> Delivered:
    return Delivered(
        frame.index,
        frame.time_s,
        frame.captured_at,
        frame.decoded_s,
        reader.dropped,
        reader.corrupt,
    )


async def _open(opening: Callable[[], VideoSource]) -> VideoSource:
    opened = asyncio.ensure_future(asyncio.to_thread(opening))
    done, _ = await asyncio.wait({opened}, timeout=OPEN_S)
    if not done:
        os._exit(HUNG)
    return opened.result()


async def _stop(reader: FrameReader) -> None:
    stopped = asyncio.ensure_future(reader.stop())
    done, _ = await asyncio.wait({stopped}, timeout=STOP_S)
    if not done:
        os._exit(HUNG)


def _tell(answers: asyncio.StreamWriter, answer: Answer) -> None:
    answers.write(ANSWERS.dump_json(answer) + b"\n")
