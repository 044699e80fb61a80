"""What can go wrong with audits and pictures; the reasons are those of the contract's `ErrorReason`."""

from datetime import datetime

from tally.kernel.errors import (
    FailedPrecondition,
    FieldViolation,
    InvalidInput,
    NotFound,
    PermissionDenied,
)


class AuditNotFound(NotFound):
    """No audit has this id."""

    reason = "AUDIT_NOT_FOUND"

    def __init__(self, audit_id: str) -> None:
        super().__init__(f"no audit has the id {audit_id}", metadata={"audit_id": audit_id})


class SampleNotFound(NotFound):
    """The audit has no such sample."""

    reason = "SAMPLE_NOT_FOUND"

    def __init__(self, number: int) -> None:
        super().__init__(f"the audit has no sample {number}")


class TooLittleWatched(FailedPrecondition):
    """The camera watched less than the samples need."""

    reason = "TOO_LITTLE_WATCHED"

    def __init__(self, possible: int) -> None:
        super().__init__(
            f"what the camera watched of the range holds {possible} samples of this length: ask for "
            "fewer or shorter ones, or for a longer range",
            metadata={"possible_samples": str(possible)},
        )


class NoLines(FailedPrecondition):
    """The camera counted no line."""

    reason = "NO_LINES"

    def __init__(self) -> None:
        super().__init__("the camera has no line in this range: there is nothing to count")


class LinesMismatch(InvalidInput):
    """The counts are not of the audit's lines."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        violation = FieldViolation("lines", f"count each of these lines once: {', '.join(lines)}")
        super().__init__([violation], reason="LINES_MISMATCH")


class CountedByAnother(PermissionDenied):
    """Somebody else has counted the sample."""

    reason = "COUNTED_BY_ANOTHER"

    def __init__(self) -> None:
        super().__init__(
            "somebody else has counted this sample, and only they may correct it: make another audit"
        )


class CrossingNotFound(NotFound):
    """No crossing has this id."""

    reason = "CROSSING_NOT_FOUND"

    def __init__(self, crossing_id: str) -> None:
        super().__init__(
            f"no crossing has the id {crossing_id}", metadata={"crossing_id": crossing_id}
        )


class PictureNotTaken(NotFound):
    """There never was a picture."""

    reason = "PICTURE_NOT_TAKEN"

    def __init__(self) -> None:
        super().__init__("no picture of the crossing was taken")


class PictureExpired(NotFound):
    """The picture was kept as long as the camera says."""

    reason = "PICTURE_EXPIRED"

    def __init__(self, expire_time: datetime) -> None:
        super().__init__(f"the crossing's picture was kept until {expire_time:%Y-%m-%d %H:%M} UTC")


class PictureLost(NotFound):
    """The picture is not where it should be."""

    reason = "PICTURE_LOST"

    def __init__(self) -> None:
        super().__init__("the crossing's picture never arrived, or had to make room for newer ones")
