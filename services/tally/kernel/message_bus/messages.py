"""What a context can be asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

R_co = TypeVar("R_co", covariant=True)
W = TypeVar("W")


class Message(Generic[R_co]):
    """Something asked of a context, and all that is needed to do it; its answer is an `R_co`."""

    __slots__ = ()

    @property
    def etag(self) -> str:
        """The etag that what it is about must still have; empty for any."""
        return ""

    @property
    def validate_only(self) -> bool:
        """Whether it is to be answered as it would be, and nothing to be changed (AIP-163)."""
        return False

    def require_valid(self) -> None:
        """Refuse what the message itself shows to be impossible, before anything is read.

        Raises:
            DomainError: It can never succeed.
        """

    @classmethod
    def handled_by(cls, handle: Callable[[Self, W], Awaitable[R_co]]) -> "Handling[W]":
        """Have its messages handled.

        Args:
            handle: The use case: does what a message asks within a unit of work and returns the answer.
        """
        return Handling(cls, handle)


class Command(Message[R_co]):
    """Asks for a change."""

    __slots__ = ()


class Query(Message[R_co]):
    """Asks for what is known, and changes nothing."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Handling(Generic[W]):
    """Who handles messages of one kind.

    Attributes:
        kind: The messages' class.
        handle: The use case.
    """

    kind: type[Message[Any]]
    handle: Callable[[Any, W], Awaitable[Any]]
