"""Opens a source by its URI."""

from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tally.worker.agent.sources.base import Pace, VideoSource
from tally.worker.agent.sources.credentials import Credentials, with_credentials
from tally.worker.agent.sources.demo.source import DemoSource
from tally.worker.agent.sources.errors import SourceError, SourceErrorReason
from tally.worker.agent.sources.media import MediaSource

SCHEMES = ("demo", "file", "rtsp", "rtsps", "http", "https")
"""What `open_source` accepts; a path without a scheme is a file."""

_RTSP_OPTIONS = {"rtsp_transport": "tcp", "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls,crypto"}
_HTTP_OPTIONS = {"protocol_whitelist": "http,https,tcp,tls,crypto"}
# A playlist posing as a video must not make this machine fetch anything.
_FILE_OPTIONS = {"protocol_whitelist": "file"}


def open_source(
    uri: str,
    *,
    pace: Pace = Pace.REALTIME,
    started_at: datetime | None = None,
    timeout_s: float = 5.0,
    credentials: Credentials | None = None,
) -> VideoSource:
    """Opens a video source; blocks until it delivers, for a few times `timeout_s` at most.

    Args:
        uri: `demo://plaza?…`, `rtsp(s)://…`, `http(s)://…`, `file:///…` or a path.
        pace: How fast recordings and the demo scene play; live streams have their own pace.
        started_at: UTC moment of a recording's first frame; now by default.
        timeout_s: Longest wait for a connection or a packet, in seconds.
        credentials: What a network camera asks for.

    Raises:
        SourceError: the URI is wrong or nothing that plays is behind it.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return _open_file(Path(uri), pace, started_at, timeout_s)
    if scheme == "demo":
        return DemoSource(uri, pace=pace, started_at=started_at)
    if scheme == "file":
        return _open_file(Path(unquote(rest)), pace, started_at, timeout_s)
    if scheme not in SCHEMES:
        raise SourceError(
            SourceErrorReason.UNSUPPORTED_SCHEME,
            f"{scheme}:// is not supported; use one of {', '.join(f'{s}://' for s in SCHEMES)}",
        )
    label = _without_credentials(uri)
    return MediaSource(
        uri if credentials is None else with_credentials(uri, credentials),
        label=label,
        options=_RTSP_OPTIONS if scheme.startswith("rtsp") else _HTTP_OPTIONS,
        pace=pace,
        started_at=started_at,
        timeout_s=timeout_s,
    )


def _open_file(
    path: Path, pace: Pace, started_at: datetime | None, timeout_s: float
) -> MediaSource:
    # The explicit protocol keeps FFmpeg from reading one into a name such as `concat:a.mp4`.
    return MediaSource(
        f"file:{path}",
        label=str(path),
        options=_FILE_OPTIONS,
        pace=pace,
        started_at=started_at,
        timeout_s=timeout_s,
    )


def _without_credentials(uri: str) -> str:
    """Keeps scheme, host and path: user names, passwords and tokens in queries are secrets."""
    try:
        parts = urlsplit(uri)
        valid = parts.hostname is not None and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise SourceError(
            SourceErrorReason.INVALID_URI,
            "the URL has no valid host or port; write it like rtsp://host:554/path",
        )
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
