"""`tally tasks create`: what the workers are to do."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from tally.api.counting.v1.geometry_pb2 import CountingConfig
from tally.api.worker.v1 import task_pb2
from tally.api.worker.v1.task_service_pb2 import CreateTaskRequest
from tally.api.worker.v1.task_service_pb2_grpc import TaskServiceStub
from tally.cli.cameras import camera_called
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.shapes import (
    LineOption,
    UTurnOption,
    ZoneOption,
    line_to_proto,
    parse_lines,
    parse_zones,
    zone_to_proto,
)

create = typer.Typer(help="Queue a task and print its id.", no_args_is_help=True)


class Priority(StrEnum):
    """Which tasks go first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


PriorityOption = Annotated[Priority, typer.Option(help="Which tasks go first.")]


@create.command()
def recount(
    video: Annotated[
        str, typer.Argument(help="A file that the worker may read, or demo://plaza?frames=900.")
    ],
    camera: Annotated[
        str, typer.Option(metavar="CAMERA", help="Count what this camera counts.")
    ] = "",
    line: LineOption = None,
    u_turn_window: UTurnOption = 0.0,
    zone: ZoneOption = None,
    detector: Annotated[str, typer.Option(help="By default the worker's best one.")] = "",
    priority: PriorityOption = Priority.NORMAL,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Count a recording; what cameras have counted stays as it is."""
    with failing_clearly():
        lines, zones = parse_lines(line or [], u_turn_window), parse_zones(zone or [])
        if bool(camera) == bool(lines or zones):
            raise typer.BadParameter(
                "say what to count: either a camera, or lines and zones", param_hint="--camera"
            )
        work = task_pb2.RecountRecording(uri=_uri(video))
        if not camera:
            work.counting.CopyFrom(
                CountingConfig(
                    lines=map(line_to_proto, lines),
                    zones=map(zone_to_proto, zones),
                    detector=detector,
                )
            )
        asyncio.run(_create(gateway, task_pb2.TaskWork(recount=work), priority, camera))


@create.command()
def benchmark(
    model: Annotated[str, typer.Argument(help="A detector; by default the worker's best.")] = "",
    frames: Annotated[int, typer.Option(min=1, max=10000, help="How many to measure.")] = 100,
    priority: PriorityOption = Priority.NORMAL,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Measure how long a detector takes for a frame."""
    with failing_clearly():
        work = task_pb2.BenchmarkModel(model=model, frames=frames)
        asyncio.run(_create(gateway, task_pb2.TaskWork(benchmark=work), priority))


async def _create(
    gateway: str, work: task_pb2.TaskWork, priority: Priority, camera: str = ""
) -> None:
    async with calling(gateway) as channel:
        if camera:
            work.recount.camera_id = (await camera_called(channel, camera)).id
        request = CreateTaskRequest(
            work=work,
            priority=task_pb2.TaskPriority.Value(f"TASK_PRIORITY_{priority.name}"),
            request_id=str(uuid4()),
        )
        answer = await TaskServiceStub(channel).CreateTask(request)
    typer.echo(answer.task.id)


def _uri(video: str) -> str:
    """The address of what may be a path."""
    return video if "://" in video else Path(video).resolve().as_uri()
