"""The JetStream streams and what they keep."""

from dataclasses import dataclass

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

DAY_S = 24 * 3600
DUPLICATE_WINDOW_S = 600
"""How long JetStream itself recognises an event that is sent again; consumers do so for ever."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream.

    Attributes:
        name: As JetStream calls it.
        prefix: First tokens of its subjects, such as `tally.camera.v1`.
        days: How long events are kept. The record is elsewhere; this is how far back one can replay.
        gigabytes: The most that it keeps; the oldest goes first.
        retention: Whether what is acknowledged stays.
        one_each: Whether each subject has one message at a time, which is looked up by it and says how long it stays.
    """

    name: str
    prefix: str
    days: int
    gigabytes: int = 1
    retention: RetentionPolicy = RetentionPolicy.LIMITS
    one_each: bool = False

    def subject(self, *tokens: str) -> str:
        """A subject of this stream."""
        return ".".join((self.prefix, *tokens))


COUNTING = Stream("COUNTING", "tally.counting.v1", days=7, gigabytes=4)
CAMERA = Stream("CAMERA", "tally.camera.v1", days=30)
WORKER = Stream("WORKER", "tally.worker.v1", days=7)
AUTH = Stream("AUTH", "tally.auth.v1", days=7)
AUDIT = Stream("AUDIT", "tally.audit.v1", days=30)
TASKS = Stream("TASKS", "tally.task.v1", days=30, retention=RetentionPolicy.WORK_QUEUE)
PICTURES = Stream("PICTURES", "tally.picture.v1", days=90, gigabytes=4, one_each=True)
DEAD_LETTERS = Stream("DEAD_LETTERS", "tally.dead", days=30)

STREAMS = (COUNTING, CAMERA, WORKER, AUTH, AUDIT, TASKS, PICTURES, DEAD_LETTERS)


async def ensure_streams(jetstream: JetStreamContext) -> None:
    """Create the streams that are missing. A stream that is there keeps its limits: somebody may have changed them."""
    for stream in STREAMS:
        try:
            await jetstream.stream_info(stream.name)
        except NotFoundError:
            await jetstream.add_stream(
                StreamConfig(
                    name=stream.name,
                    subjects=[stream.subject(">")],
                    retention=stream.retention,
                    storage=StorageType.FILE,
                    discard=DiscardPolicy.OLD,
                    max_age=stream.days * DAY_S,
                    max_bytes=stream.gigabytes * 2**30,
                    duplicate_window=DUPLICATE_WINDOW_S,
                    max_msgs_per_subject=1 if stream.one_each else -1,
                    allow_msg_ttl=stream.one_each,
                    allow_direct=stream.one_each,
                )
            )
