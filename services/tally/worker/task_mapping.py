"""Between the contract's tasks and the domain's; nothing else knows both."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.counting.v1.geometry_pb2 import CountingConfig
from tally.api.worker.v1 import (
    queue_service_pb2,
    task_pb2,
    task_run_service_pb2,
    task_service_pb2,
)
from tally.kernel.identity import Sites
from tally.worker.application.command.finish_task import Failure
from tally.worker.domain.ports import TaskFilter
from tally.worker.domain.tasks import Job, Priority, Queue, Task, TaskKind, TaskState

_PRIORITIES = {
    Priority.LOW: task_pb2.TASK_PRIORITY_LOW,
    Priority.NORMAL: task_pb2.TASK_PRIORITY_NORMAL,
    Priority.HIGH: task_pb2.TASK_PRIORITY_HIGH,
}
_PRIORITIES_FROM_PROTO = {number: priority for priority, number in _PRIORITIES.items()}
_STATES = {
    TaskState.QUEUED: task_pb2.TASK_STATE_QUEUED,
    TaskState.RUNNING: task_pb2.TASK_STATE_RUNNING,
    TaskState.SUCCEEDED: task_pb2.TASK_STATE_SUCCEEDED,
    TaskState.CANCELLED: task_pb2.TASK_STATE_CANCELLED,
    TaskState.DEAD: task_pb2.TASK_STATE_DEAD,
}
_STATES_FROM_PROTO = {number: state for state, number in _STATES.items()}
_KINDS_FROM_PROTO = {
    task_pb2.TASK_KIND_RECOUNT: TaskKind.RECOUNT,
    task_pb2.TASK_KIND_BENCHMARK: TaskKind.BENCHMARK,
}


def job_from_proto(work: task_pb2.TaskWork) -> Job:
    """What a task is to do."""
    return Job(
        kind=TaskKind(work.WhichOneof("kind")),
        work=work.SerializeToString(deterministic=True),
        camera_id=work.recount.camera_id.lower(),
    )


def priority_from_proto(priority: task_pb2.TaskPriority.ValueType) -> Priority:
    """Which tasks go first; normal where nothing is said."""
    return _PRIORITIES_FROM_PROTO.get(priority, Priority.NORMAL)


def filter_from_proto(request: task_service_pb2.ListTasksRequest, sites: Sites) -> TaskFilter:
    """Which tasks are wanted."""
    return TaskFilter(
        state=_STATES_FROM_PROTO.get(request.state),
        kind=_KINDS_FROM_PROTO.get(request.kind),
        sites=sites,
    )


def outcome_from_proto(request: task_run_service_pb2.FinishTaskRequest) -> bytes | Failure:
    """The result, or why there is none."""
    if request.HasField("failure"):
        return Failure(request.failure.message, request.failure.permanent)
    return request.result.SerializeToString(deterministic=True)


def task_to_proto(task: Task) -> task_pb2.Task:
    """The whole resource."""
    message = task_pb2.Task(
        id=task.id,
        work=task_pb2.TaskWork.FromString(task.work),
        priority=_PRIORITIES[task.priority],
        state=_STATES[task.state],
        progress=task.progress,
        progress_text=task.progress_text,
        attempt=task.attempt,
        max_attempts=task.max_attempts,
        worker=task.worker,
        error=task.error,
        creator=task.creator,
        site_id=task.site_id,
        create_time=_timestamp(task.create_time),
        start_time=_timestamp(task.start_time),
        end_time=_timestamp(task.end_time),
    )
    if task.state is TaskState.SUCCEEDED:
        message.result.ParseFromString(task.result)
    return message


def started_to_proto(task: Task) -> task_run_service_pb2.StartTaskResponse:
    """What the worker is to do, with all that it needs; nothing if the task is over."""
    if task.over:
        return task_run_service_pb2.StartTaskResponse()
    work = task_pb2.TaskWork.FromString(task.work)
    if work.recount.camera_id:
        work.recount.counting.CopyFrom(CountingConfig.FromString(task.counting))
    return task_run_service_pb2.StartTaskResponse(run=task.run, work=work)


def finished_to_proto(task: Task) -> task_run_service_pb2.FinishTaskResponse:
    """When to try again."""
    response = task_run_service_pb2.FinishTaskResponse()
    if not task.over:
        response.retry_after.FromTimedelta(task.retry_after)
    return response


def queue_to_proto(queue: Queue, now: datetime) -> queue_service_pb2.GetQueueResponse:
    """How the queue does."""
    response = queue_service_pb2.GetQueueResponse(
        depths=[
            queue_service_pb2.QueueDepth(
                priority=_PRIORITIES[priority], waiting=queue.waiting[priority]
            )
            for priority in sorted(queue.waiting, reverse=True)
        ],
        running=queue.running,
        dead=queue.dead,
    )
    if queue.oldest is not None:
        response.oldest_age.FromTimedelta(now - queue.oldest)
    return response


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
