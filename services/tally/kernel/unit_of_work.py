"""One transaction as use cases see it."""

from contextlib import AbstractAsyncContextManager
from enum import Enum, auto
from typing import Protocol, TypeVar

W_co = TypeVar("W_co", covariant=True)


class Mode(Enum):
    """What becomes of what is done in a unit of work."""

    CHANGE = auto()
    """It happens when the block ends, all of it or, where that is not possible, nothing."""
    TRY = auto()
    """It is undone when the block ends, after showing whether it would be possible."""
    READ = auto()
    """There is nothing: what would change anything is refused."""


class Begin(Protocol[W_co]):
    """Opens units of work."""

    def __call__(self, mode: Mode = Mode.CHANGE) -> AbstractAsyncContextManager[W_co]:
        """One unit of work. An error that leaves the block undoes it."""
