"""Why a subscription is refused or ends; the reasons are those of the contract's `ErrorReason`."""

from tally.kernel.errors import (
    FailedPrecondition,
    FieldViolation,
    InvalidInput,
    ResourceExhausted,
    Unavailable,
)


class ResumeTokenInvalid(InvalidInput):
    """The token was not made by this server for this stream of counts."""

    reason = "RESUME_TOKEN_INVALID"

    def __init__(self) -> None:
        super().__init__(
            [FieldViolation("resume_token", "is not a resume_token of this server: leave it out")]
        )


class ResumeTokenExpired(FailedPrecondition):
    """What follows the token's position is no longer kept."""

    reason = "RESUME_TOKEN_EXPIRED"

    def __init__(self) -> None:
        super().__init__(
            "what follows the resume token is no longer kept: subscribe without one and ask "
            "analytics about the gap"
        )


class SubscriberTooSlow(ResourceExhausted):
    """The subscriber reads more slowly than counts arrive."""

    reason = "SUBSCRIBER_TOO_SLOW"

    def __init__(self) -> None:
        super().__init__(
            "the subscriber reads more slowly than counts arrive: subscribe again with the last "
            "resume token, to fewer cameras if this happens again"
        )


class TooManySubscribers(ResourceExhausted):
    """All places are taken."""

    reason = "TOO_MANY_SUBSCRIBERS"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} subscribers are served already: try another server, or later")


class StreamInterrupted(Unavailable):
    """The server cannot go on with this subscription, though another one may."""

    reason = "STREAM_INTERRUPTED"

    def __init__(self, cause: str) -> None:
        super().__init__(f"{cause}: subscribe again with the last resume token")
