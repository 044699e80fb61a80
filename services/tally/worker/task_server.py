"""Puts together the part of the pool's server that keeps the queue of tasks."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import grpc

from tally.api.worker.v1.queue_service_pb2_grpc import add_QueueServiceServicer_to_server
from tally.api.worker.v1.task_run_service_pb2_grpc import add_TaskRunServiceServicer_to_server
from tally.api.worker.v1.task_service_pb2_grpc import add_TaskServiceServicer_to_server
from tally.kernel.clock import Clock
from tally.kernel.ids import new_id
from tally.kernel.process import repeatedly
from tally.worker.application.changes import Changes
from tally.worker.application.command.cancel_task import CancelTask
from tally.worker.application.command.create_task import CreateTask
from tally.worker.application.command.finish_task import FinishTask
from tally.worker.application.command.forget_tasks import ForgetTasks
from tally.worker.application.command.report_progress import ReportProgress
from tally.worker.application.command.requeue_task import RequeueTask
from tally.worker.application.command.start_task import StartTask
from tally.worker.application.query.get_queue import GetQueue
from tally.worker.application.query.get_task import GetTask
from tally.worker.application.query.list_tasks import ListTasks
from tally.worker.application.query.watch_task import WatchTask
from tally.worker.domain.ports import Begin
from tally.worker.entrypoints.queue import MeasureQueue, QueueServicer
from tally.worker.entrypoints.tasks import TaskRunServicer, TaskServicer

MEASURE_PERIOD_S = 5.0
FORGET_PERIOD_S = 3600.0


@dataclass(frozen=True, slots=True)
class TaskServer:
    """The queue of tasks.

    Attributes:
        begin: Opens transactions.
        clock: Stamps what happens.
    """

    begin: Begin
    clock: Clock

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        """What runs beside the server."""
        return [
            repeatedly(MeasureQueue(GetQueue(self.begin), self.clock), MEASURE_PERIOD_S),
            repeatedly(ForgetTasks(self.begin, self.clock), FORGET_PERIOD_S),
        ]

    def register(self, server: grpc.aio.Server) -> None:
        """Serve the queue's contracts."""
        begin, clock, changes = self.begin, self.clock, Changes()
        people = TaskServicer(
            create_task=CreateTask(begin, clock, new_id),
            get_task=GetTask(begin),
            list_tasks=ListTasks(begin),
            watch_task=WatchTask(begin, changes),
            cancel_task=CancelTask(begin, clock, changes),
            requeue_task=RequeueTask(begin, changes),
        )
        workers = TaskRunServicer(
            start_task=StartTask(begin, clock, changes),
            report_progress=ReportProgress(begin, changes),
            finish_task=FinishTask(begin, clock, changes),
        )
        add_TaskServiceServicer_to_server(people, server)
        add_TaskRunServiceServicer_to_server(workers, server)
        add_QueueServiceServicer_to_server(QueueServicer(GetQueue(begin), clock), server)
