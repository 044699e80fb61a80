"""Brings each message to its use case."""

from collections.abc import Iterable, Sequence
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
from tally.kernel.unit_of_work import Begin, Mode

MIDDLEWARES: Sequence[Middleware] = (logged, measured, validated, repeated)
"""Around each unit of work, outermost first."""

R = TypeVar("R")
W = TypeVar("W")


class MessageBus(Generic[W]):
    """Hands each command and query to the one use case that handles it.

    Args:
        begin: Opens units of work.
        handlings: Every kind of message with its use case.

    Raises:
        ValueError: Two use cases handle one kind of message.
    """

    def __init__(
        self,
        begin: Begin[W],
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


def _in_unit_of_work(begin: Begin[W], handling: Handling[W]) -> Proceed:
    reads_only = issubclass(handling.kind, Query)

    async def work(message: Any) -> Any:
        mode = Mode.READ if reads_only else Mode.TRY if message.validate_only else Mode.CHANGE
        async with begin(mode) as unit:
            return await handling.handle(message, unit)

    return work
