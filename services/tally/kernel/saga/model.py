"""What a saga is about, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Self

from tally.kernel.errors import FailedPrecondition, NotFound
from tally.kernel.identity import Sites


class SagaState(Enum):
    """How a saga does."""

    RUNNING = "running"
    """Its steps are being done."""
    COMPENSATING = "compensating"
    """What was done is being undone."""
    DONE = "done"
    """All of its steps are done."""
    UNDONE = "undone"
    """All that was done is undone."""
    PARKED = "parked"
    """It can neither go on nor back by itself: somebody must look at it."""
    ABANDONED = "abandoned"
    """Somebody looked at it and left it as it was."""


class SagaNotFound(NotFound):
    """No saga has this id."""

    reason = "SAGA_NOT_FOUND"

    def __init__(self, saga_id: str) -> None:
        super().__init__(f"no saga has the id {saga_id}", metadata={"saga_id": saga_id})


class SagaNotParked(FailedPrecondition):
    """The saga needs nobody's help."""

    reason = "SAGA_NOT_PARKED"

    def __init__(self, state: SagaState) -> None:
        super().__init__(
            f"the saga is {state.value}: only a parked one can be retried or abandoned",
            metadata={"state": state.value},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Saga:
    """A saga. Every change returns the changed saga.

    Attributes:
        id: Its identifier.
        kind: Names its plan.
        subject_id: What it is about, such as a camera.
        site_id: The site where that is; empty if at none.
        data: What its steps must know beyond that; no secrets.
        deadline: When it is undone unless its steps are done; retriable ones have all the time they need.
        state: How it does.
        undoing: Whether it goes back; tells which way a parked one was going.
        position: The step that is next, or being done, or being undone, counted from 0.
        attempts: How often that has failed in a row.
        next_time: When to look at it again.
        message: What it waits for, or what went wrong last.
        reason: Why it is undone; empty if it is not.
        create_time: When it began.
        update_time: When it was last looked at.
    """

    id: str
    kind: str
    subject_id: str
    site_id: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    deadline: datetime
    state: SagaState = SagaState.RUNNING
    undoing: bool = False
    position: int = 0
    attempts: int = 0
    next_time: datetime
    message: str = ""
    reason: str = ""
    create_time: datetime
    update_time: datetime

    def advanced(self, steps: int, now: datetime) -> Self:
        """Its step is done, of so many."""
        state = SagaState.DONE if self.position + 1 == steps else SagaState.RUNNING
        return self._moved(state, self.position + 1, now)

    def receded(self, now: datetime) -> Self:
        """Its step is undone."""
        state = SagaState.COMPENSATING if self.position else SagaState.UNDONE
        return self._moved(state, max(self.position - 1, 0), now)

    def turned_back(self, why: str, now: datetime) -> Self:
        """It is to be undone, its present step first: that one may have done something before it failed."""
        moved = self._moved(SagaState.COMPENSATING, self.position, now)
        return replace(moved, undoing=True, reason=why)

    def postponed(self, message: str, next_time: datetime, now: datetime, *, failed: bool) -> Self:
        """It is to be looked at again, because its step waits or has failed for now."""
        return replace(
            self,
            attempts=self.attempts + 1 if failed else 0,
            next_time=next_time,
            message=message,
            update_time=now,
        )

    def parked(self, message: str, now: datetime) -> Self:
        """It needs somebody's help."""
        return replace(self, state=SagaState.PARKED, message=message, update_time=now)

    def retried(self, now: datetime) -> Self:
        """Somebody has seen to it that it can go on the way it was going.

        Raises:
            SagaNotParked: It was.
        """
        self._require_parked()
        state = SagaState.COMPENSATING if self.undoing else SagaState.RUNNING
        return self._moved(state, self.position, now)

    def abandoned(self, now: datetime) -> Self:
        """Somebody leaves it as it is.

        Raises:
            SagaNotParked: It does well by itself.
        """
        self._require_parked()
        return replace(self, state=SagaState.ABANDONED, update_time=now)

    def require(self, kind: str, sites: Sites) -> None:
        """Hide it from who looks for sagas of another kind, or may not see the site where it is.

        Raises:
            SagaNotFound: It is of another kind, or at none of these sites.
        """
        if self.kind != kind or (sites is not None and self.site_id not in sites):
            raise SagaNotFound(self.id)

    def _require_parked(self) -> None:
        if self.state is not SagaState.PARKED:
            raise SagaNotParked(self.state)

    def _moved(self, state: SagaState, position: int, now: datetime) -> Self:
        return replace(
            self,
            state=state,
            position=position,
            attempts=0,
            next_time=now,
            message="",
            update_time=now,
        )
