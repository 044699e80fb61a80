"""Which address a network stream is read from: names are looked up and the answers checked before FFmpeg connects."""

import socket
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit, urlunsplit

from tally.kernel.stream_address import StreamNetworks
from tally.worker.agent.sources.errors import SourceError, SourceErrorReason


def allowed_addresses(uri: str, label: str, networks: StreamNetworks) -> Sequence[str]:
    """IP addresses of the URI's host, the preferred one first.

    Raises:
        SourceError: It has none, or one that streams may not come from.
    """
    host = urlsplit(uri).hostname or ""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise SourceError(
            SourceErrorReason.UNREACHABLE, f"{label} has a host that is not known; check its name"
        ) from None
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not all(map(networks.allow, addresses)):
        raise SourceError(
            SourceErrorReason.FORBIDDEN,
            f"{label} has an address that cameras may not have here; "
            "TALLY_AGENT_STREAM_NETWORKS says which they may",
        )
    return addresses


def at_address(uri: str, address: str) -> tuple[str, str]:
    """The URI with an IP address in place of the host, and the authority for a `Host` header.

    FFmpeg would look the name up again, and could get another answer. Over TLS the name stays, because servers
    need it to choose their certificate; whatever another answer led to would meet a TLS handshake and no more.
    """
    parts = urlsplit(uri)
    user, at, authority = parts.netloc.rpartition("@")
    if parts.scheme in ("https", "rtsps"):
        return uri, authority
    return urlunsplit(parts._replace(netloc=f"{user}{at}{_authority(parts, address)}")), authority


def _authority(parts: SplitResult, address: str) -> str:
    host = f"[{address}]" if ":" in address else address
    return host if parts.port is None else f"{host}:{parts.port}"
