"""One camera's frames, as they come from a decoder process."""

import asyncio
import fcntl
import mmap
import os
import pickle
from collections.abc import Awaitable, Callable
from contextlib import suppress

import numpy as np
from pydantic import ValidationError

from tally.worker.agent.decoding.messages import (
    ANSWERS,
    AWAIT,
    TAKE,
    Answer,
    Delivered,
    Ended,
    Failed,
    Opened,
    Ready,
)
from tally.worker.agent.decoding.serving import LENGTH, STOP_S
from tally.worker.agent.sources import (
    Frame,
    Image,
    SourceError,
    SourceErrorReason,
    SourceInfo,
    VideoSource,
)

Opening = Callable[[], VideoSource]
"""Opens a source; can be pickled."""

_LARGEST_BYTES = 256 * 2**20
"""Of a picture: an 8K one takes 100 MB."""


class DecodedStream:
    """A source that a decoder process reads. See `FrameStream`.

    The picture of a frame crosses in memory that both have mapped, one at a time. The memory has no name, so
    none is left behind however the two end, and its size is sealed, so a decoder that is up to no good cannot
    take it away while it is read.

    Args:
        memory: Descriptor of the memory, still empty; owned from here.
        answers: What the process says.
        questions: What it is asked.
        ended: Waits until the process has ended and tells how.
        release: Called once the source is closed.
    """

    info: SourceInfo

    def __init__(
        self,
        memory: int,
        answers: asyncio.StreamReader,
        questions: asyncio.StreamWriter,
        ended: Callable[[], Awaitable[str]],
        release: Callable[[], None],
    ) -> None:
        self._memory = memory
        self._answers = answers
        self._questions = questions
        self._ended = ended
        self._release = release
        self._picture: Image
        self.dropped = 0
        self.corrupt = 0

    async def open(self, opening: Opening) -> None:
        """Have the process open the source.

        Raises:
            SourceError: It cannot.
        """
        pickled = pickle.dumps(opening)
        answer = await self._ask(LENGTH.pack(len(pickled)) + pickled)
        if not isinstance(answer, Opened):
            raise _nonsense()
        self.info = answer.info
        shape = answer.info.height, answer.info.width, 3
        size = int(np.prod(shape))
        if not 0 < size <= _LARGEST_BYTES:
            raise SourceError(
                SourceErrorReason.NOT_VIDEO,
                f"the pictures are too large: {answer.info.width} x {answer.info.height}",
            )
        os.ftruncate(self._memory, size)
        fcntl.fcntl(
            self._memory,
            fcntl.F_ADD_SEALS,
            fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL,
        )
        shared = mmap.mmap(self._memory, size, prot=mmap.PROT_READ)
        self._picture = np.frombuffer(shared, np.uint8).reshape(shape)

    async def ready(self) -> None:
        """Waits until there is a frame; see `FrameStream`."""
        if not isinstance(await self._ask(AWAIT), Ready):
            raise _nonsense()

    async def get(self) -> Frame | None:
        """The next frame; see `FrameStream`."""
        answer = await self._ask(TAKE)
        if not isinstance(answer, Delivered | Ended):
            raise _nonsense()
        self.dropped, self.corrupt = answer.dropped, answer.corrupt
        if isinstance(answer, Ended):
            return None
        image = self._picture.copy()
        return Frame(answer.index, answer.time_s, answer.captured_at, image, answer.decoded_s)

    async def stop(self) -> None:
        """Have the process close the source, and wait until it has."""
        try:
            with suppress(OSError, TimeoutError):
                self._questions.write_eof()
                async with asyncio.timeout(STOP_S):
                    await self._answers.read()
            self._questions.close()
        finally:
            os.close(self._memory)
            self._release()

    async def _ask(self, question: bytes) -> Answer:
        try:
            self._questions.write(question)
            line = await self._answers.readline()
        except (ConnectionError, ValueError):
            line = b""
        if not line:
            raise SourceError(
                SourceErrorReason.DECODER_FAILED,
                f"the process that decoded this camera and its neighbours {await self._ended()}",
            )
        try:
            answer = ANSWERS.validate_json(line)
        except ValidationError:
            raise _nonsense() from None
        if isinstance(answer, Failed):
            raise SourceError(answer.reason, answer.message)
        return answer


def _nonsense() -> SourceError:
    return SourceError(
        SourceErrorReason.DECODER_FAILED, "the decoder process answered what makes no sense"
    )
