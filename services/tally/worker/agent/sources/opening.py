"""Opens a source by its URI."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tally.kernel.stream_address import StreamNetworks
from tally.worker.agent.sources.addresses import allowed_addresses, at_address
from tally.worker.agent.sources.base import Pace, VideoSource
from tally.worker.agent.sources.credentials import Credentials, with_credentials
from tally.worker.agent.sources.demo.source import DemoSource
from tally.worker.agent.sources.errors import SourceError, SourceErrorReason
from tally.worker.agent.sources.media import MediaSource

EVERY_NETWORK = StreamNetworks("0.0.0.0/0 ::/0")
"""Loopback too: for those who choose the addresses of their own machine."""

EVERY_FILE = (Path("/"),)
"""For those who choose the files of their own machine."""

SCHEMES = ("demo", "file", "rtsp", "rtsps", "http", "https")
"""What `open_source` accepts; a path without a scheme is a file."""

_RTSP_OPTIONS = {"rtsp_transport": "tcp", "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls,crypto"}
# FFmpeg would follow redirects, and fetch what playlists name, from any address: so it gets neither.
_HTTP_OPTIONS = {
    "protocol_whitelist": "http,https,tcp,tls,crypto",
    "max_redirects": "0",
    "format_whitelist": "mpjpeg,mjpeg,jpeg_pipe,mov,matroska,webm,mpegts,mpeg,flv,avi,asf,ogg,h264,hevc",
}
_TRY_NEXT = {SourceErrorReason.UNREACHABLE, SourceErrorReason.REFUSED}
# A playlist posing as a video must not make this machine fetch anything.
_FILE_OPTIONS = {"protocol_whitelist": "file"}


def open_source(
    uri: str,
    *,
    pace: Pace = Pace.REALTIME,
    started_at: datetime | None = None,
    timeout_s: float = 5.0,
    credentials: Credentials | None = None,
    networks: StreamNetworks = EVERY_NETWORK,
    recordings: Sequence[Path] = EVERY_FILE,
) -> VideoSource:
    """Opens a video source; blocks until it delivers, for a few times `timeout_s` at most.

    Args:
        uri: `demo://plaza?…`, `rtsp(s)://…`, `http(s)://…`, `file:///…` or a path.
        pace: How fast recordings and the demo scene play; live streams have their own pace.
        started_at: UTC moment of a recording's first frame; now by default.
        timeout_s: Longest wait for a connection or a packet, in seconds.
        credentials: What a network camera asks for.
        networks: Where network cameras may be.
        recordings: Files that may be read, and folders all of whose files may be.

    Raises:
        SourceError: the URI is wrong or nothing that plays is behind it.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return _open_file(_allowed_file(uri, recordings), pace, started_at, timeout_s)
    if scheme == "demo":
        return DemoSource(uri, pace=pace, started_at=started_at)
    if scheme == "file":
        path = _allowed_file(unquote(rest), recordings)
        return _open_file(path, pace, started_at, timeout_s)
    if scheme not in SCHEMES:
        raise SourceError(
            SourceErrorReason.UNSUPPORTED_SCHEME,
            f"{scheme}:// is not supported; use one of {', '.join(f'{s}://' for s in SCHEMES)}",
        )
    label = _without_credentials(uri)
    addresses = allowed_addresses(uri, label, networks)
    if credentials is not None:
        uri = with_credentials(uri, credentials)

    def open_at(address: str) -> MediaSource:
        location, authority = at_address(uri, address)
        return MediaSource(
            location,
            label=label,
            options=(
                _RTSP_OPTIONS
                if scheme.startswith("rtsp")
                else _HTTP_OPTIONS | {"headers": f"Host: {authority}\r\n"}
            ),
            pace=pace,
            started_at=started_at,
            timeout_s=timeout_s,
        )

    for address in addresses[:-1]:
        try:
            return open_at(address)
        except SourceError as error:
            if error.reason not in _TRY_NEXT:
                raise
    return open_at(addresses[-1])


def _allowed_file(name: str, recordings: Sequence[Path]) -> Path:
    """The file, whatever links lead to it.

    Raises:
        SourceError: It is none of the recordings, whether it exists or not.
    """
    path = Path(name).resolve()
    if not any(path.is_relative_to(allowed.resolve()) for allowed in recordings):
        raise SourceError(
            SourceErrorReason.FORBIDDEN,
            f"{name} is in no folder that this worker may read recordings from; see TALLY_AGENT_RECORDINGS",
        )
    return path


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
