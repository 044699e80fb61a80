"""Events between contexts, over NATS JetStream."""

from tally.kernel.bus.consumer import Consumer, Delivery
from tally.kernel.bus.envelope import Envelope
from tally.kernel.bus.nats import Bus
from tally.kernel.bus.streams import AUDIT, AUTH, CAMERA, COUNTING, WORKER, Stream
from tally.kernel.bus.tail import replay, tail

__all__ = [
    "AUDIT",
    "AUTH",
    "CAMERA",
    "COUNTING",
    "WORKER",
    "Bus",
    "Consumer",
    "Delivery",
    "Envelope",
    "Stream",
    "replay",
    "tail",
]
