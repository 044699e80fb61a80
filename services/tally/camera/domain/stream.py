"""Where a camera's pictures come from, and how that goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from urllib.parse import urlsplit

from tally.kernel.stream_address import NETWORK_SCHEMES

DEMO_SCENES = frozenset({"plaza"})

_ALLOWED = "rtsp://, rtsps://, http://, https://, file:///absolute/path or demo://plaza"


class Pace(Enum):
    """How fast a recording is read; live streams ignore it."""

    REALTIME = "realtime"
    AS_FAST_AS_POSSIBLE = "as_fast_as_possible"


@dataclass(frozen=True, slots=True)
class Stream:
    """A source of pictures.

    Attributes:
        uri: What to open; holds no user name or password.
        pace: How fast to read it.
    """

    uri: str
    pace: Pace = Pace.REALTIME


class StreamState(Enum):
    """How a stream does, as its worker sees it."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    UNREACHABLE = "unreachable"
    ENDED = "ended"
    RESTING = "resting"


class StreamCondition(Enum):
    """What may be wrong with pictures that arrive."""

    FROZEN = "frozen"
    OBSCURED = "obscured"
    VIEW_MOVED = "view_moved"
    SLOW = "slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStatus:
    """What a worker said of a stream.

    Attributes:
        state: How the stream does.
        update_time: When the worker said so.
        reason: Why it cannot be read; empty where it can.
        detector: Detector in use, such as `motion`.
        frames_per_second: Frames counted a second, over the last few seconds.
        frames_processed: Frames counted since the run began.
        frames_dropped: Frames skipped in this run because newer ones were there.
        frames_corrupt: Frames skipped in this run because they could not be decoded.
        last_frame_time: Capture time of the newest counted frame.
        width: Of the picture in pixels; 0 while no stream was open.
        height: The same.
        nominal_frames_per_second: What the stream promises; 0 if it promises nothing.
        reconnects: How often its worker has opened it again.
        since: When it came into this state; None if the worker does not say.
        conditions: What is wrong with its pictures, and since when.
    """

    state: StreamState
    update_time: datetime
    reason: str = ""
    detector: str = ""
    frames_per_second: float = 0.0
    frames_processed: int = 0
    frames_dropped: int = 0
    frames_corrupt: int = 0
    last_frame_time: datetime | None = None
    width: int = 0
    height: int = 0
    nominal_frames_per_second: float = 0.0
    reconnects: int = 0
    since: datetime | None = None
    conditions: Mapping[StreamCondition, datetime] = field(default_factory=dict)


def uri_problem(uri: str) -> str | None:
    """What is wrong with a stream's URI and how to mend it; None if it can be used.

    The answer never repeats the URI: a refused one may hold a password.
    """
    if " " in uri or not uri.isprintable():
        return "must not hold spaces or control characters: percent-encode them"
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"is no URI: {error}"
    if "@" in parts.netloc:
        return "must not hold a user name or password: put it into the credentials and remove what stands before the @"
    if parts.scheme in NETWORK_SCHEMES:
        return None if host else f"names no host: write {parts.scheme}://host/path"
    if parts.scheme == "file":
        absolute = not parts.netloc and parts.path.startswith("/")
        return None if absolute else "must name an absolute path: write file:///absolute/path"
    if parts.scheme == "demo":
        known = host in DEMO_SCENES and not parts.path.strip("/")
        return None if known else f"names no demo scene: use demo://{min(DEMO_SCENES)}"
    return f"has a scheme that cannot be read: use {_ALLOWED}"
