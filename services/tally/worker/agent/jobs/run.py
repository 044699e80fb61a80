"""One run of a task: asks whether to do it, does it, says how far it is and what came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import structlog

from tally.api.worker.v1 import task_run_service_pb2 as messages
from tally.api.worker.v1.task_pb2 import TaskResult, TaskWork
from tally.kernel.backoff import Backoff
from tally.kernel.errors import DomainError
from tally.kernel.process import end
from tally.worker.agent.jobs.benchmark import benchmark
from tally.worker.agent.jobs.progress import Progress
from tally.worker.agent.jobs.recount import recount
from tally.worker.agent.jobs.tools import Tools
from tally.worker.agent.sources import SourceError, SourceErrorReason

if TYPE_CHECKING:
    from tally.api.worker.v1.task_run_service_pb2_grpc import TaskRunServiceAsyncStub

    Pool = TaskRunServiceAsyncStub
else:
    Pool = Any

REPORT_S = 1.0
LONGEST_MESSAGE = 1000
_NOWHERE = {SourceErrorReason.INVALID_URI, SourceErrorReason.UNSUPPORTED_SCHEME}
"""Other workers may have the file that this one lacks, but such addresses none can read."""
_REFUSED = {grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND}

_log = structlog.get_logger(__name__)


class RunOver(Exception):
    """The pool does not believe this run any more: the task was cancelled, or another worker has begun."""


async def run_task(
    pool: Pool, task_id: str, worker: str, tools: Tools, alive: Callable[[], Awaitable[None]]
) -> timedelta | None:
    """Run a task if there is something left to do.

    Args:
        pool: Who decides.
        task_id: The task.
        worker: What the pool calls this worker.
        tools: To do it with.
        alive: Called every second while the task is being run.

    Returns:
        When to try again; None if the task is over.

    Raises:
        RunOver: Somebody else decides about the task.
        AioRpcError: The pool could not be asked at the beginning.
    """
    try:
        begun = await pool.StartTask(messages.StartTaskRequest(task_id=task_id, worker=worker))
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return None
        raise
    if not begun.run:
        return None
    log = _log.bind(task_id=task_id, run=begun.run)
    log.info("task_begun", kind=begun.work.WhichOneof("kind"))
    progress = Progress()
    job = asyncio.create_task(_outcome(begun.work, tools, progress), name=f"task {task_id}")
    try:
        while not job.done():
            await asyncio.wait({job}, timeout=REPORT_S)
            await alive()
            await _report(pool, task_id, begun.run, progress)
        finish = job.result()
    finally:
        await end(job)
    finish.task_id, finish.run = task_id, begun.run
    log.info("task_ended", failure=finish.failure.message)
    return await _finish(pool, finish, alive)


async def _outcome(work: TaskWork, tools: Tools, progress: Progress) -> messages.FinishTaskRequest:
    try:
        match work.WhichOneof("kind"):
            case "recount":
                result = TaskResult(recount=await recount(work.recount, tools, progress))
            case "benchmark":
                result = TaskResult(benchmark=await benchmark(work.benchmark, tools, progress))
            case kind:
                # A newer pool's; a newer worker may know it.
                return _failed(f"this worker does not know the job {kind}", permanent=False)
    except ValueError as error:
        return _failed(str(error), permanent=True)
    except SourceError as error:
        return _failed(str(error), permanent=error.reason in _NOWHERE)
    except (DomainError, OSError) as error:
        return _failed(str(error), permanent=False)
    except Exception as error:
        _log.exception("task_failed")
        return _failed(f"the worker failed: {error}", permanent=False)
    return messages.FinishTaskRequest(result=result)


def _failed(message: str, *, permanent: bool) -> messages.FinishTaskRequest:
    told = message[:LONGEST_MESSAGE] or "no reason was given"
    return messages.FinishTaskRequest(
        failure=messages.TaskFailure(message=told, permanent=permanent)
    )


async def _report(pool: Pool, task_id: str, run: int, progress: Progress) -> None:
    request = messages.ReportProgressRequest(
        task_id=task_id, run=run, progress=progress.part, text=progress.text
    )
    try:
        await pool.ReportProgress(request)
    except grpc.aio.AioRpcError as error:
        if error.code() in _REFUSED:
            raise RunOver from error
        _log.warning("progress_untold", task_id=task_id, reason=error.details())


async def _finish(
    pool: Pool, request: messages.FinishTaskRequest, alive: Callable[[], Awaitable[None]]
) -> timedelta | None:
    """Tell the outcome, however long the pool is away: the work is done."""
    backoff = Backoff(first_s=0.5, longest_s=5.0)
    while True:
        try:
            answer = await pool.FinishTask(request)
        except grpc.aio.AioRpcError as error:
            if error.code() in _REFUSED:
                raise RunOver from error
            _log.warning("outcome_untold", task_id=request.task_id, reason=error.details())
        else:
            again = answer.HasField("retry_after")
            return answer.retry_after.ToTimedelta() if again else None
        await alive()
        await asyncio.sleep(backoff.next_s())
