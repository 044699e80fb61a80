"""What can go wrong with workers and tasks; the reasons are those of the contract's `ErrorReason`."""

from tally.kernel.errors import FailedPrecondition, NotFound, PermissionDenied


class WorkerNotFound(NotFound):
    """No worker has this id."""

    reason = "WORKER_NOT_FOUND"

    def __init__(self, worker_id: str) -> None:
        super().__init__(f"no worker has the id {worker_id}", metadata={"worker_id": worker_id})


class LeaseExpired(FailedPrecondition):
    """The worker's lease ran out, or another worker registered under its name."""

    reason = "LEASE_EXPIRED"

    def __init__(self, worker_id: str) -> None:
        super().__init__(
            f"the lease of worker {worker_id} has run out: register again",
            metadata={"worker_id": worker_id},
        )


class TaskNotFound(NotFound):
    """No task has this id, or the caller may not see it."""

    reason = "TASK_NOT_FOUND"

    def __init__(self, task_id: str) -> None:
        super().__init__(f"no task has the id {task_id}", metadata={"task_id": task_id})


class TaskRunOver(FailedPrecondition):
    """The run of a task is over: the task was cancelled, or another run has begun."""

    reason = "TASK_RUN_OVER"

    def __init__(self, task_id: str, run: int) -> None:
        super().__init__(f"run {run} of task {task_id} is over", metadata={"task_id": task_id})


class TaskOver(FailedPrecondition):
    """The task is over, so that it cannot be cancelled."""

    reason = "TASK_OVER"

    def __init__(self, task_id: str, state: str) -> None:
        super().__init__(f"task {task_id} is over: {state}", metadata={"task_id": task_id})


class TaskNotDead(FailedPrecondition):
    """Only dead tasks can be queued again."""

    reason = "TASK_NOT_DEAD"

    def __init__(self, task_id: str, state: str) -> None:
        super().__init__(
            f"task {task_id} is {state}, and only dead ones can be queued again",
            metadata={"task_id": task_id},
        )


class SiteForbidden(PermissionDenied):
    """The caller may create tasks for cameras of their own sites alone."""

    reason = "SITE_FORBIDDEN"

    def __init__(self) -> None:
        super().__init__("the caller may create tasks for cameras of their sites alone: name one")


class CameraNotFound(NotFound):
    """The pool knows no camera of this id, or the caller may not see it."""

    reason = "CAMERA_NOT_FOUND"

    def __init__(self, camera_id: str) -> None:
        super().__init__(f"no camera has the id {camera_id}", metadata={"camera_id": camera_id})
