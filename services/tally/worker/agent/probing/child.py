"""Opens one stream and tells of its first picture: `python -m tally.worker.agent.probing.child`, confined.

It reads a `Task` from its standard input and writes a `StreamProbe` to its standard output.
"""

import json
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tally.api.camera.v1 import probe_pb2
from tally.kernel.stream_address import StreamNetworks
from tally.worker.agent.jpeg import encode_jpeg, fitted
from tally.worker.agent.privacy import NOTHING_HIDDEN, Privacy, presentable
from tally.worker.agent.probing.failures import failure_of
from tally.worker.agent.probing.sandbox import confine
from tally.worker.agent.sources import Credentials, SourceError, open_source

WALL_S = 20
MAX_WIDTH = 1280


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the child is given.

    Attributes:
        uri: The stream.
        credentials: User name and password, if it asks for any.
        networks: Where cameras may be, as `StreamNetworks` takes it.
        recordings: Files that may be read, and folders all of whose files may be.
        privacy: What is not to be seen in the picture.
    """

    uri: str
    credentials: tuple[str, str] | None
    networks: str
    recordings: tuple[str, ...]
    privacy: Privacy = NOTHING_HIDDEN

    def packed(self) -> bytes:
        """The task as it is written."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpacked(cls, text: bytes) -> Self:
        """The task again."""
        fields = json.loads(text)
        return cls(**fields | {"privacy": Privacy(**fields["privacy"])})


def failure(error: SourceError) -> probe_pb2.StreamProbe:
    """What the probe says of a stream that does not play."""
    return probe_pb2.StreamProbe(failure=failure_of(error))


def failed(reason: probe_pb2.StreamFailureReason.ValueType, message: str) -> probe_pb2.StreamProbe:
    """The probe of a stream that does not play."""
    return probe_pb2.StreamProbe(failure=probe_pb2.StreamFailure(reason=reason, message=message))


def look(task: Task) -> probe_pb2.StreamProbe:
    """Open the stream and take its first picture."""
    try:
        source = open_source(
            task.uri,
            credentials=Credentials(*task.credentials) if task.credentials else None,
            networks=StreamNetworks(task.networks),
            recordings=[Path(each) for each in task.recordings],
        )
        with closing(source.frames()) as frames:
            image = next(frames).image
        # Nobody here can tell where people are.
        shown = presentable(fitted(image, MAX_WIDTH), task.privacy)
        jpeg = b"" if task.privacy.always_hides_people else encode_jpeg(shown)
    except SourceError as error:
        return failure(error)
    except MemoryError:
        return failed(
            probe_pb2.STREAM_FAILURE_REASON_TOO_LARGE,
            "its pictures take more memory than a probe may use; give the URL of a smaller stream",
        )
    info = source.info
    return probe_pb2.StreamProbe(
        stream=probe_pb2.ProbedStream(
            codec=info.codec,
            width=info.width,
            height=info.height,
            frames_per_second=info.fps or 0.0,
            live=info.live,
            jpeg=jpeg,
        )
    )


def main() -> None:
    """Be confined, look, tell."""
    confine(WALL_S)
    task = Task.unpacked(sys.stdin.buffer.read())
    sys.stdout.buffer.write(look(task).SerializeToString())


if __name__ == "__main__":
    main()
