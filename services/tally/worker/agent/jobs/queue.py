"""Takes tasks off the work queue, those of the highest priority first."""

import asyncio
from contextlib import suppress

import grpc
import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import Error as JetStreamError

from tally.api.worker.v1.task_run_service_pb2 import TaskQueued
from tally.api.worker.v1.task_run_service_pb2_grpc import TaskRunServiceStub
from tally.kernel.backoff import Backoff
from tally.kernel.bus import TASKS, Bus, Envelope
from tally.kernel.bus.nats import ConnectionGone
from tally.kernel.errors import Unavailable
from tally.kernel.messages import UnknownMessage
from tally.worker.agent.jobs.run import RunOver, run_task
from tally.worker.agent.jobs.tools import Tools

PRIORITIES = ("high", "normal", "low")
ACK_WAIT_S = 20.0
"""A worker that is silent for so long has lost its task: it goes to another."""
FETCH_WAIT_S = 0.5
POOL_AWAY_S = 5.0

_log = structlog.get_logger(__name__)


class TaskQueue:
    """Does one task after the other, while the worker's cameras go on.

    What the queue hands out is acknowledged when the task is over. A message that nobody acknowledges comes again, to
    this worker or another, and the pool then says whether something is left to do.

    Args:
        nats_url: URL of the server, with user and password.
        domain: JetStream domain of the centre, if the server is a leaf node.
        name: What the pool calls this worker.
        channel: To the pool.
        tools: What jobs work with.
    """

    def __init__(
        self, nats_url: str, domain: str, name: str, channel: grpc.aio.Channel, tools: Tools
    ) -> None:
        self._nats_url = nats_url
        self._domain = domain
        self._name = name
        self._pool = TaskRunServiceStub(channel)
        self._tools = tools

    async def run(self) -> None:
        """Do tasks until cancelled. While NATS is away none is begun, and cameras are counted all the same."""
        backoff = Backoff(first_s=0.5, longest_s=5.0)
        while True:
            try:
                async with Bus.connect(
                    self._nats_url, name=f"agent {self._name} tasks", domain=self._domain
                ) as bus:
                    queues = [await subscribe(bus, priority) for priority in PRIORITIES]
                    backoff.reset()
                    while True:
                        await self._do_next(bus, queues)
            except (
                Unavailable, ConnectionGone, nats.errors.Error, JetStreamError, OSError,
            ) as error:  # fmt: skip
                _log.warning("tasks_wait", error=str(error) or type(error).__name__)
            await asyncio.sleep(backoff.next_s())

    async def _do_next(self, bus: Bus, queues: list[JetStreamContext.PullSubscription]) -> None:
        for queue in queues:
            messages: list[Msg] = []
            with suppress(TimeoutError):
                messages = await queue.fetch(1, timeout=FETCH_WAIT_S)
            for message in messages:
                await self._do(message)
            if messages:
                return
        # Silence, or a server that has forgotten the queue: asking for it tells which.
        bus.check_open()
        await bus.jetstream.consumer_info(TASKS.name, _durable(PRIORITIES[0]))

    async def _do(self, message: Msg) -> None:
        try:
            task = Envelope.parse(message.headers or {}, message.data).message()
        except UnknownMessage as error:
            _log.error("task_unreadable", error=str(error))
            await message.term()
            return
        if not isinstance(task, TaskQueued):
            await message.term()
            return
        try:
            again = await run_task(
                self._pool, task.task_id, self._name, self._tools, message.in_progress
            )
        except RunOver:
            # Not acknowledged: should nobody else be at it, it comes again, and is then found to be over or is done.
            _log.info("run_over", task_id=task.task_id)
        except grpc.aio.AioRpcError as error:
            _log.warning("task_waits", task_id=task.task_id, reason=error.details())
            await message.nak(delay=POOL_AWAY_S)
        except asyncio.CancelledError:
            # Another worker need not wait until this one is missed.
            await asyncio.shield(message.nak())
            raise
        else:
            await (message.ack() if again is None else message.nak(delay=again.total_seconds()))


async def subscribe(bus: Bus, priority: str) -> JetStreamContext.PullSubscription:
    """The queue of a priority, which all workers share."""
    configuration = ConsumerConfig(
        durable_name=_durable(priority),
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_S,
        filter_subject=TASKS.subject(priority, "*"),
    )
    await bus.jetstream.add_consumer(TASKS.name, configuration)
    return await bus.jetstream.pull_subscribe_bind(_durable(priority), TASKS.name)


def _durable(priority: str) -> str:
    return f"agent-tasks-{priority}"
