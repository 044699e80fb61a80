"""Things that JetStream keeps for a while, each under a subject of its own."""

from datetime import timedelta

import nats.errors
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from tally.kernel.bus.nats import Bus
from tally.kernel.bus.streams import Stream
from tally.kernel.errors import Unavailable


async def store(bus: Bus, stream: Stream, subject: str, data: bytes, keep: timedelta) -> None:
    """Return when the server has it. What was under the subject before gives way.

    Args:
        bus: The connection.
        stream: One with one message for each subject.
        subject: Of the stream.
        data: What is kept; fits into one message.
        keep: How long, a second or more.

    Raises:
        Unavailable: The server did not acknowledge it; storing it again is harmless.
    """
    # Unconnected, the client would keep what it is given, and more of it with each attempt.
    await bus.ping()
    try:
        await bus.jetstream.publish(subject, data, stream=stream.name, msg_ttl=keep.total_seconds())
    except (OSError, nats.errors.Error, JetStreamError) as error:
        raise Unavailable(f"JetStream does not keep it: {error or 'no answer'}") from error


async def look_up(bus: Bus, stream: Stream, subject: str) -> bytes | None:
    """What is under the subject; None if nothing is, or is not any more.

    Raises:
        Unavailable: The server cannot be reached.
    """
    await bus.ping()
    try:
        found = await bus.jetstream.get_last_msg(stream.name, subject, direct=True)
    except NotFoundError:
        return None
    except (OSError, nats.errors.Error, JetStreamError) as error:
        raise Unavailable(f"JetStream does not answer: {error or 'no answer'}") from error
    return found.data
