"""Waits until NATS knows who listens."""

from tally.kernel.bus import Bus


async def settle(bus: Bus) -> None:
    """Return when the server knows what this connection listens to."""
    for _ in range(2):  # the client's first ping may overtake what it has not written yet
        await bus.client.flush()
