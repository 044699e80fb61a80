"""The TaskService of the contract, for people, and the TaskRunService, for workers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from tally.api.worker.v1 import task_run_service_pb2 as run_messages
from tally.api.worker.v1 import task_service_pb2 as messages
from tally.api.worker.v1.task_run_service_pb2_grpc import TaskRunServiceServicer
from tally.api.worker.v1.task_service_pb2_grpc import TaskServiceServicer
from tally.kernel.grpc.access import current_principal, current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest
from tally.worker.application.command.cancel_task import CancelTask
from tally.worker.application.command.create_task import CreateTask
from tally.worker.application.command.finish_task import FinishTask
from tally.worker.application.command.report_progress import ReportProgress
from tally.worker.application.command.requeue_task import RequeueTask
from tally.worker.application.command.start_task import StartTask
from tally.worker.application.query.get_task import GetTask
from tally.worker.application.query.list_tasks import ListTasks
from tally.worker.application.query.watch_task import WatchTask
from tally.worker.task_mapping import (
    filter_from_proto,
    finished_to_proto,
    job_from_proto,
    outcome_from_proto,
    priority_from_proto,
    started_to_proto,
    task_to_proto,
)

CREATED = (("x-tally-http-status", "201"),)
"""Has the gateway answer a REST call with 201."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskServicer(TaskServiceServicer):
    """Serves `tally.api.worker.v1.TaskService`."""

    create_task: CreateTask
    get_task: GetTask
    list_tasks: ListTasks
    watch_task: WatchTask
    cancel_task: CancelTask
    requeue_task: RequeueTask

    async def CreateTask(  # noqa: N802 - gRPC's name
        self, request: messages.CreateTaskRequest, context: ServicerContext
    ) -> messages.CreateTaskResponse:
        """Queue a task."""
        caller = current_principal().subject
        task = await self.create_task(
            job_from_proto(request.work),
            priority=priority_from_proto(request.priority),
            max_attempts=request.max_attempts,
            creator=caller,
            sites=current_sites(),
            request=CreateRequest.of(request, request.request_id, caller),
        )
        await context.send_initial_metadata(CREATED)
        return messages.CreateTaskResponse(task=task_to_proto(task))

    async def GetTask(  # noqa: N802 - gRPC's name
        self, request: messages.GetTaskRequest, context: ServicerContext
    ) -> messages.GetTaskResponse:
        """Return one task."""
        task = await self.get_task(request.task_id, current_sites())
        return messages.GetTaskResponse(task=task_to_proto(task))

    async def ListTasks(  # noqa: N802 - gRPC's name
        self, request: messages.ListTasksRequest, context: ServicerContext
    ) -> messages.ListTasksResponse:
        """List tasks, the newest first, a page at a time."""
        page = await self.list_tasks(
            filter_from_proto(request, current_sites()), request.page_size, request.page_token
        )
        return messages.ListTasksResponse(
            tasks=map(task_to_proto, page.tasks), next_page_token=page.next_page_token
        )

    async def WatchTask(  # noqa: N802 - gRPC's name
        self, request: messages.WatchTaskRequest, context: ServicerContext
    ) -> AsyncIterator[messages.WatchTaskResponse]:
        """Follow a task until it is over."""
        async for task in self.watch_task(request.task_id, current_sites()):
            yield messages.WatchTaskResponse(task=task_to_proto(task))

    async def CancelTask(  # noqa: N802 - gRPC's name
        self, request: messages.CancelTaskRequest, context: ServicerContext
    ) -> messages.CancelTaskResponse:
        """Cancel a task."""
        task = await self.cancel_task(request.task_id, current_sites())
        return messages.CancelTaskResponse(task=task_to_proto(task))

    async def RequeueTask(  # noqa: N802 - gRPC's name
        self, request: messages.RequeueTaskRequest, context: ServicerContext
    ) -> messages.RequeueTaskResponse:
        """Queue a dead task again."""
        task = await self.requeue_task(request.task_id, current_sites())
        return messages.RequeueTaskResponse(task=task_to_proto(task))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRunServicer(TaskRunServiceServicer):
    """Serves `tally.api.worker.v1.TaskRunService`."""

    start_task: StartTask
    report_progress: ReportProgress
    finish_task: FinishTask

    async def StartTask(  # noqa: N802 - gRPC's name
        self, request: run_messages.StartTaskRequest, context: ServicerContext
    ) -> run_messages.StartTaskResponse:
        """Begin a run."""
        return started_to_proto(await self.start_task(request.task_id, request.worker))

    async def ReportProgress(  # noqa: N802 - gRPC's name
        self, request: run_messages.ReportProgressRequest, context: ServicerContext
    ) -> run_messages.ReportProgressResponse:
        """Hear how far a run is."""
        await self.report_progress(request.task_id, request.run, request.progress, request.text)
        return run_messages.ReportProgressResponse()

    async def FinishTask(  # noqa: N802 - gRPC's name
        self, request: run_messages.FinishTaskRequest, context: ServicerContext
    ) -> run_messages.FinishTaskResponse:
        """End a run."""
        task = await self.finish_task(request.task_id, request.run, outcome_from_proto(request))
        return finished_to_proto(task)
