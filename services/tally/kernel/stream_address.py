"""The network addresses of cameras' streams."""

from urllib.parse import urlsplit

NETWORK_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
"""Schemes of streams that come over the network."""


def credentials_purpose(camera_id: str, uri: str) -> str:
    """What a camera's credentials are sealed for: this camera, at this scheme, host and port.

    So neither another camera's worker nor a host that a changed URI names is ever shown them.
    """
    return f"tally stream credentials {camera_id.lower()} {origin(uri)}"


def origin(uri: str) -> str:
    """Scheme, host and port of a URI, as far as it has them."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.lower()}"
