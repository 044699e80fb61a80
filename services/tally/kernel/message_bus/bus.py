"""Brings each message to its use case."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Generic, TypeVar

from tally.kernel.message_bus.messages import Handling, Message, Query
from tally.kernel.message_bus.middlewares import (
    Middleware,
    Proceed,
    logged,
    measured,
    repeated,
    validated,
)

MIDDLEWARES: Sequence[Middleware] = (logged, measured, validated, repeated)
"""Around each unit of work, outermost first."""

R = TypeVar("R")
W = TypeVar("W")


class MessageBus(Generic[W]):
    """Hands each command and query to the one use case that handles it.

    Args:
        begin: Opens a unit of work, which commits when its block ends and is undone when that fails; told whether it
            is for reading only.
        handlings: Every kind of message with its use case.

    Raises:
        ValueError: Two use cases handle one kind of message.
    """

    def __init__(
        self,
        begin: Callable[[bool], AbstractAsyncContextManager[W]],
        handlings: Iterable[Handling[W]],
    ) -> None:
        self._proceed: dict[type[Message[Any]], Proceed] = {}
        for handling in handlings:
            if handling.kind in self._proceed:
                raise ValueError(f"{handling.kind.__name__} is handled twice")
            proceed = _in_unit_of_work(begin, handling)
            for middleware in reversed(MIDDLEWARES):
                proceed = middleware(handling.kind, proceed)
            self._proceed[handling.kind] = proceed

    async def execute(self, message: Message[R]) -> R:
        """Do what the message asks and return the answer.

        Raises:
            DomainError: What the message's use case raises.
        """
        answer: R = await self._proceed[type(message)](message)
        return answer


def _in_unit_of_work(
    begin: Callable[[bool], AbstractAsyncContextManager[W]], handling: Handling[W]
) -> Proceed:
    reads_only = issubclass(handling.kind, Query)

    async def work(message: Any) -> Any:
        with suppress(_Undone):
            async with begin(reads_only) as unit:
                answer = await handling.handle(message, unit)
                if message.validate_only:
                    raise _Undone
        return answer

    return work


class _Undone(Exception):
    """Undoes a unit of work that went well."""
