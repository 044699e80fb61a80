"""Reads events of shapes that are no longer written as the ones that are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

from google.protobuf.message import Message

Upcast = Callable[[Message], Message]
"""Makes an event of the next schema version of one of the version before; leaves what did not change as it is."""


@dataclass(frozen=True, slots=True)
class Upcasters:
    """How a context's events changed their shape, beyond what protobuf itself bridges.

    A field that is added needs no step: old events have its default. A step is for what a default gets wrong: a field
    that was renamed, split, or means something else now.

    Attributes:
        steps: The first leads from schema version 1 to 2, and so on; each is pure.
    """

    steps: Sequence[Upcast] = ()

    @property
    def version(self) -> int:
        """The schema version that is written now."""
        return len(self.steps) + 1

    def __call__(self, message: Message, version: int) -> Message:
        """The event as it would be written now.

        Args:
            message: The event as it was stored.
            version: The schema version that it was stored with.

        Raises:
            ValueError: The version is none of this context's, such as a later release's.
        """
        if not 1 <= version <= self.version:
            raise ValueError(
                f"{message.DESCRIPTOR.full_name} has schema version {version}; known are 1 to {self.version}"
            )
        return reduce(lambda event, step: step(event), self.steps[version - 1 :], message)


UNCHANGED = Upcasters()
"""Of events that never changed in a way that protobuf does not bridge."""
