"""Why a video source cannot be opened or has stopped."""

from enum import StrEnum


class SourceErrorReason(StrEnum):
    """Kinds of failure that callers branch on: to retry, to report, or to ask for another URL."""

    UNSUPPORTED_SCHEME = "unsupported_scheme"
    INVALID_URI = "invalid_uri"
    NOT_FOUND = "not_found"
    NOT_VIDEO = "not_video"
    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    ENDED = "ended"
    DECODER_FAILED = "decoder_failed"


class SourceError(Exception):
    """A source failed; the message is one line that says what to mend and holds no credentials.

    Attributes:
        reason: The kind of failure.
    """

    def __init__(self, reason: SourceErrorReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
