"""`tally tasks`: one-off jobs for the workers."""

import asyncio
from typing import Annotated

import grpc
import typer

from tally.api.worker.v1 import queue_service_pb2, task_pb2
from tally.api.worker.v1 import task_service_pb2 as messages
from tally.api.worker.v1.queue_service_pb2_grpc import QueueServiceStub
from tally.api.worker.v1.task_service_pb2_grpc import TaskServiceStub
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import JsonOption, console, local_time, show_json, show_table
from tally.cli.tasks_creating import create

tasks = typer.Typer(
    help="One-off jobs for the workers: count a recording again, measure a detector.",
    no_args_is_help=True,
)
tasks.add_typer(create, name="create")

TaskArgument = Annotated[
    str, typer.Argument(metavar="TASK", help="Its id, from `tally tasks list`.")
]

_STATES = {
    value: name.removeprefix("TASK_STATE_").lower() for name, value in task_pb2.TaskState.items()
}
_PRIORITIES = {
    value: name.removeprefix("TASK_PRIORITY_").lower()
    for name, value in task_pb2.TaskPriority.items()
}
_KINDS = {"recount": task_pb2.TASK_KIND_RECOUNT, "benchmark": task_pb2.TASK_KIND_BENCHMARK}


@tasks.command("list")
def list_tasks(
    state: Annotated[
        str, typer.Option(help="Only those that are queued, running, succeeded, cancelled or dead.")
    ] = "",
    kind: Annotated[str, typer.Option(help="Only recount or benchmark.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 50,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show tasks, the newest first."""
    with failing_clearly():
        states = {name: value for value, name in _STATES.items() if value}
        if state and state not in states:
            raise typer.BadParameter(f"one of {', '.join(states)}", param_hint="--state")
        if kind and kind not in _KINDS:
            raise typer.BadParameter(f"one of {', '.join(_KINDS)}", param_hint="--kind")
        request = messages.ListTasksRequest(page_size=limit)
        if state:
            request.state = states[state]
        if kind:
            request.kind = _KINDS[kind]
        asyncio.run(_list(gateway, request, as_json=as_json))


@tasks.command()
def show(
    task: TaskArgument, gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False
) -> None:
    """Show a task and what came of it."""
    with failing_clearly():
        asyncio.run(_show(gateway, task, as_json=as_json))


@tasks.command()
def watch(task: TaskArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Follow a task until it is over; fails unless it is done then."""
    with failing_clearly():
        asyncio.run(_watch(gateway, task))


@tasks.command()
def cancel(task: TaskArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Cancel a task, also one that a worker is at."""
    with failing_clearly():
        asyncio.run(_cancel(gateway, task))


@tasks.command()
def requeue(task: TaskArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Queue a dead task again, with all its attempts."""
    with failing_clearly():
        asyncio.run(_requeue(gateway, task))


def queue(gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False) -> None:
    """Show how many tasks wait, run and are dead."""
    with failing_clearly():
        asyncio.run(_queue(gateway, as_json=as_json))


async def _list(gateway: str, request: messages.ListTasksRequest, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        found = (await TaskServiceStub(channel).ListTasks(request)).tasks
    if as_json:
        show_json(found)
        return
    show_table(
        ["task", "what", "state", "done", "since"],
        [
            (
                each.id,
                _what(each.work),
                _STATES[each.state],
                f"{each.progress:.0%}",
                local_time(each.create_time),
            )
            for each in found
        ],
    )


async def _show(gateway: str, task_id: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        task = await _get(channel, task_id)
    if as_json:
        show_json(task)
    else:
        _print(task)


async def _watch(gateway: str, task_id: str) -> None:
    async with calling(gateway) as channel:
        said, task = "", task_pb2.Task()
        request = messages.WatchTaskRequest(task_id=task_id)
        async for answer in TaskServiceStub(channel).WatchTask(request):
            task = answer.task
            line = f"{_STATES[task.state]} {task.progress:.0%} {task.progress_text}".rstrip()
            if line != said:
                console.print(line)
            said = line
    _print(task)
    if task.state != task_pb2.TASK_STATE_SUCCEEDED:
        raise CommandError(f"the task is {_STATES[task.state]}")


async def _cancel(gateway: str, task_id: str) -> None:
    async with calling(gateway) as channel:
        await TaskServiceStub(channel).CancelTask(messages.CancelTaskRequest(task_id=task_id))
    console.print(f"{task_id} is cancelled")


async def _requeue(gateway: str, task_id: str) -> None:
    async with calling(gateway) as channel:
        await TaskServiceStub(channel).RequeueTask(messages.RequeueTaskRequest(task_id=task_id))
    console.print(f"{task_id} is queued again")


async def _queue(gateway: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        found = await QueueServiceStub(channel).GetQueue(queue_service_pb2.GetQueueRequest())
    if as_json:
        show_json(found)
        return
    depths = [(_PRIORITIES[each.priority], str(each.waiting)) for each in found.depths]
    oldest = found.oldest_age.ToTimedelta() if found.HasField("oldest_age") else None
    show_table(
        [*(f"{name} waiting" for name, _ in depths), "running", "dead", "oldest"],
        [
            (
                *(count for _, count in depths),
                str(found.running),
                str(found.dead),
                f"{oldest.total_seconds():.0f} s" if oldest else "",
            )
        ],
    )


async def _get(channel: grpc.aio.Channel, task_id: str) -> task_pb2.Task:
    return (await TaskServiceStub(channel).GetTask(messages.GetTaskRequest(task_id=task_id))).task


def _what(work: task_pb2.TaskWork) -> str:
    if work.HasField("recount"):
        return f"recount {work.recount.uri}"
    return f"benchmark {work.benchmark.model or 'the best model'}"


def _print(task: task_pb2.Task) -> None:
    console.print(f"{_what(task.work)}: {_STATES[task.state]}")
    console.print(
        f"attempt {task.attempt} of {task.max_attempts}, worker {task.worker or 'none yet'}"
    )
    if task.error:
        console.print(f"last failure: {task.error}")
    if task.result.HasField("benchmark"):
        found = task.result.benchmark
        console.print(
            f"{found.model}: p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms for a frame, "
            f"{found.frames} frames"
        )
    if task.result.HasField("recount"):
        counted = task.result.recount
        console.print(
            f"{counted.frames} frames at {counted.frames_per_second:.1f}/s with {counted.detector}"
        )
        if counted.lines:
            show_table(
                ["line", "in", "out"],
                [(each.line, str(getattr(each, "in")), str(each.out)) for each in counted.lines],
            )
        if counted.zones:
            show_table(
                ["zone", "entries", "exits", "peak"],
                [
                    (each.zone, str(each.entries), str(each.exits), str(each.peak))
                    for each in counted.zones
                ],
            )
