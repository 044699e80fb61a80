"""The QueueService of the contract, and the same figures as metrics."""

from dataclasses import dataclass

from opentelemetry import metrics

from tally.api.worker.v1 import queue_service_pb2 as messages
from tally.api.worker.v1.queue_service_pb2_grpc import QueueServiceServicer
from tally.kernel.clock import Clock
from tally.kernel.grpc.call import ServicerContext
from tally.worker.application.query.get_queue import GetQueue
from tally.worker.task_mapping import queue_to_proto

_meter = metrics.get_meter("tally.worker")
_waiting = _meter.create_gauge("tally.tasks.waiting", description="Tasks that wait, by priority")
_running = _meter.create_gauge("tally.tasks.running", description="Tasks that workers are at")
_dead = _meter.create_gauge("tally.tasks.dead", description="Tasks that failed for good")
_oldest = _meter.create_gauge(
    "tally.tasks.oldest", unit="s", description="Age of the oldest of the waiting tasks"
)


@dataclass(frozen=True, slots=True)
class QueueServicer(QueueServiceServicer):
    """Serves `tally.api.worker.v1.QueueService`."""

    get_queue: GetQueue
    clock: Clock

    async def GetQueue(  # noqa: N802 - gRPC's name
        self, request: messages.GetQueueRequest, context: ServicerContext
    ) -> messages.GetQueueResponse:
        """Show how the queue does."""
        return queue_to_proto(await self.get_queue(), self.clock())


@dataclass(frozen=True, slots=True)
class MeasureQueue:
    """Sets the gauges to what the queue is like."""

    get_queue: GetQueue
    clock: Clock

    async def __call__(self) -> None:
        """Do it once."""
        queue = await self.get_queue()
        for priority, count in queue.waiting.items():
            _waiting.set(count, {"priority": priority.name.lower()})
        _running.set(queue.running)
        _dead.set(queue.dead)
        _oldest.set((self.clock() - queue.oldest).total_seconds() if queue.oldest else 0)
