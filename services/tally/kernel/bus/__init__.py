"""Events between contexts, over NATS JetStream, and requests, over NATS alone."""

from tally.kernel.bus.consumer import Consumer, Delivery
from tally.kernel.bus.envelope import Envelope
from tally.kernel.bus.lookup import look_up, store
from tally.kernel.bus.nats import Bus
from tally.kernel.bus.requests import NobodyListens, Responder, ask, request_subject
from tally.kernel.bus.streams import AUDIT, AUTH, CAMERA, COUNTING, PICTURES, TASKS, WORKER, Stream
from tally.kernel.bus.tail import replay, tail

__all__ = [
    "AUDIT",
    "AUTH",
    "CAMERA",
    "COUNTING",
    "PICTURES",
    "TASKS",
    "WORKER",
    "Bus",
    "Consumer",
    "Delivery",
    "Envelope",
    "NobodyListens",
    "Responder",
    "Stream",
    "ask",
    "look_up",
    "replay",
    "request_subject",
    "store",
    "tail",
]
