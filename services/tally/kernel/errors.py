"""The one tree of errors that domain and application code raise.

Each class names a kind of failure; `kernel.grpc.errors` maps kinds to gRPC status codes, so nothing
below the entry points knows about gRPC. A `reason` is a value of the context's `ErrorReason` enum
(UPPER_SNAKE_CASE) and is what client code may branch on; the message is for people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One thing that is wrong with one field of a request.

    Attributes:
        field: Path of the field, such as `camera.lines[0].end.x`.
        description: What is wrong and how to mend it.
    """

    field: str
    description: str


class DomainError(Exception):
    """An expected failure, told to the caller.

    Attributes:
        reason: Stable UPPER_SNAKE_CASE identifier within the context's `ErrorReason` enum.
        metadata: Further facts for client code; never secrets.
    """

    reason = "UNSPECIFIED"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason or type(self).reason
        self.metadata = dict(metadata or {})


class InvalidInput(DomainError):
    """The request can never succeed as it stands; carries every violation found."""

    reason = "INVALID_INPUT"

    def __init__(
        self,
        violations: Sequence[FieldViolation],
        *,
        message: str = "the request is invalid",
        reason: str | None = None,
    ) -> None:
        super().__init__(message, reason=reason)
        self.violations = tuple(violations)


class NotFound(DomainError):
    """The resource does not exist, or the caller may not know that it does."""

    reason = "NOT_FOUND"


class AlreadyExists(DomainError):
    """The resource that the caller tries to create is there already."""

    reason = "ALREADY_EXISTS"


class Conflict(DomainError):
    """Somebody else changed the resource first: read it again, then repeat (stale etag or version)."""

    reason = "CONFLICT"


class ConcurrentChange(Conflict):
    """Somebody else's change came in between; the same request may succeed when it is repeated."""

    reason = "CONCURRENT_CHANGE"

    def __init__(self) -> None:
        super().__init__("somebody else made a change at the same moment: repeat")


class FailedPrecondition(DomainError):
    """The resource's state does not allow the operation; repeating does not help."""

    reason = "FAILED_PRECONDITION"


class Unauthenticated(DomainError):
    """The caller has not shown who they are."""

    reason = "UNAUTHENTICATED"


class PermissionDenied(DomainError):
    """The caller is known and may not do this."""

    reason = "PERMISSION_DENIED"


class ResourceExhausted(DomainError):
    """A limit is reached: try again later, more slowly."""

    reason = "RESOURCE_EXHAUSTED"


class DeadlineExceeded(DomainError):
    """The time that the caller or the method's policy allows has run out."""

    reason = "DEADLINE_EXCEEDED"


class Unavailable(DomainError):
    """Something that the operation depends on cannot be reached; repeating may help."""

    reason = "UNAVAILABLE"
