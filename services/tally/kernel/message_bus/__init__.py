"""Commands and queries of a context: each a frozen dataclass, handled by one use case in one unit of work."""

from tally.kernel.message_bus.bus import MessageBus
from tally.kernel.message_bus.messages import Command, Handling, Message, Query

__all__ = ["Command", "Handling", "Message", "MessageBus", "Query"]
