"""User names and passwords of cameras."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

from tally.worker.agent.sources.errors import SourceError, SourceErrorReason

_LONGEST_RTSP = 127
"""FFmpeg's RTSP client cuts what stands before the @ off after so many bytes."""
# Everything that RFC 3986 allows there in clear, but for the colon: the limit counts encoded bytes.
_CLEAR = "!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user of a camera.

    Attributes:
        username: The user's name.
        password: Their password.
    """

    username: str = field(repr=False)
    password: str = field(repr=False)


def with_credentials(uri: str, credentials: Credentials) -> str:
    """The URI that FFmpeg finds the credentials in; nobody else may see it.

    Raises:
        SourceError: They are too long for RTSP.
    """
    parts = urlsplit(uri)
    user = f"{quote(credentials.username, _CLEAR)}:{quote(credentials.password, _CLEAR)}"
    if parts.scheme.startswith("rtsp") and len(user) > _LONGEST_RTSP:
        raise SourceError(
            SourceErrorReason.UNAUTHORIZED,
            f"user name and password are too long for RTSP: together, {_LONGEST_RTSP - 1} "
            "characters, of which any but letters, digits and common punctuation count for three or more",
        )
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))
