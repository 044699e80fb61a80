"""Tasks on their way to the workers."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.api.worker.v1.task_run_service_pb2 import TaskQueued
from tally.kernel.bus import TASKS, Envelope
from tally.kernel.clock import utc_now
from tally.kernel.ids import new_id
from tally.kernel.outbox import Outbox
from tally.worker.adapters.tables import outbox, tasks
from tally.worker.domain.tasks import Priority, TaskState

_UNSETTLED = (TaskState.QUEUED, TaskState.RUNNING)


def offer(task_id: str, priority: Priority) -> tuple[str, Envelope]:
    """The NATS subject and the envelope that hand a task to the workers."""
    envelope = Envelope.of(
        TaskQueued(task_id=task_id),
        id=new_id(),
        source="tally/worker",
        subject=task_id,
        time=utc_now(),
    )
    return TASKS.subject(priority.name.lower(), task_id), envelope


async def refill_outbox(connection: AsyncConnection) -> None:
    """Have every task that is not over handed to the workers anew, the oldest first.

    One that a worker is at begins again with another: nobody would take it up if that worker died.
    """
    await connection.execute(
        delete(outbox).where(outbox.c.nats_subject.startswith(TASKS.subject("")))
    )
    unsettled = (
        select(tasks.c.id, tasks.c.priority)
        .where(tasks.c.state.in_(_UNSETTLED))
        .order_by(tasks.c.id)
        # A task that is being created is not seen here, and goes into the outbox by itself.
        .with_for_update()
    )
    found = await connection.execute(unsettled)
    offers = [offer(row.id, Priority(row.priority)) for row in found]
    await Outbox(connection, outbox).add_all(offers)
