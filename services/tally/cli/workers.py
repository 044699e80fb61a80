"""`tally workers`: who runs the cameras."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import grpc
import typer
from rich.filesize import decimal

from tally.api.camera.v1 import stream_pb2
from tally.api.worker.v1 import scaling_service_pb2, worker_pb2
from tally.api.worker.v1 import worker_service_pb2 as messages
from tally.api.worker.v1.scaling_service_pb2_grpc import ScalingServiceStub
from tally.api.worker.v1.worker_service_pb2_grpc import WorkerServiceStub
from tally.cli.failing import CommandError, failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, PAGE_SIZE, GatewayOption, calling, pages
from tally.cli.showing import JsonOption, console, local_time, show_json, show_table
from tally.kernel.clock import utc_now

BEHIND = timedelta(minutes=1)
"""A worker that has not sent what is older is told of."""
SETTLED = timedelta(minutes=1)
"""How long a stream must have run before its rate tells anything of its worker."""
KEEPS_UP = 0.5
"""A worker that looks at a smaller part of its cameras' frames is told of."""

workers = typer.Typer(
    help="The machines that run cameras. Cordon one before maintenance, drain it to empty it.",
    no_args_is_help=True,
)

WorkerArgument = Annotated[
    str, typer.Argument(metavar="WORKER", help="Its name or id, from `tally workers list`.")
]

_ADMISSIONS = {
    worker_pb2.WORKER_ADMISSION_OPEN: "takes cameras",
    worker_pb2.WORKER_ADMISSION_CORDONED: "cordoned",
    worker_pb2.WORKER_ADMISSION_DRAINING: "draining",
}
_DEMANDS = {
    scaling_service_pb2.SCALING_DEMAND_CAMERAS: "their number",
    scaling_service_pb2.SCALING_DEMAND_LOAD: "their load",
}
_SLOW = stream_pb2.StreamCondition.KIND_SLOW


@workers.command("list")
def list_workers(gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False) -> None:
    """Show workers; those that are gone are shown for a day."""
    with failing_clearly():
        asyncio.run(_list(gateway, as_json=as_json))


@workers.command()
def cordon(worker: WorkerArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Have a worker take no more cameras; it keeps those it has."""
    with failing_clearly():
        asyncio.run(_cordon(gateway, worker))


@workers.command()
def drain(worker: WorkerArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Have a worker's cameras go to others, as soon as these have room."""
    with failing_clearly():
        asyncio.run(_drain(gateway, worker))


@workers.command()
def uncordon(worker: WorkerArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Have a worker that was cordoned or drained take cameras again."""
    with failing_clearly():
        asyncio.run(_uncordon(gateway, worker))


@workers.command()
def scaling(gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False) -> None:
    """Show how the workers are used, and how many there should be."""
    with failing_clearly():
        asyncio.run(_scaling(gateway, as_json=as_json))


async def _all(channel: grpc.aio.Channel) -> list[worker_pb2.Worker]:
    request = messages.ListWorkersRequest(page_size=PAGE_SIZE)
    listed = pages(WorkerServiceStub(channel).ListWorkers, request)
    return [worker async for page in listed for worker in page.workers]


async def _id_of(channel: grpc.aio.Channel, name_or_id: str) -> str:
    """The id of the worker of this name, the one that lives if there are several."""
    found = [each for each in await _all(channel) if name_or_id in {each.id, each.name}]
    if not found:
        raise CommandError(f"no worker is called {name_or_id}", mend="tally workers list")
    return max(found, key=lambda each: each.register_time.ToNanoseconds()).id


async def _list(gateway: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        found = await _all(channel)
    if as_json:
        show_json(found)
        return
    show_table(
        ["name", "state", "cameras", "load", "takes", "runs on", "since", "id"],
        [_row(each) for each in found],
    )
    for worker in found:
        for warning in (unsent(worker, utc_now()), overloaded(worker, utc_now())):
            if warning:
                console.print(warning)


def _row(worker: worker_pb2.Worker) -> tuple[str, ...]:
    alive = worker.state == worker_pb2.WORKER_STATE_ALIVE
    return (
        worker.name,
        _ADMISSIONS[worker.admission] if alive else "gone",
        f"{len(worker.cameras) if alive else 0} of {worker.capacity}",
        f"{worker.load:.0%}" if worker.load else "",
        _conditions(worker.selector),
        _hardware(worker.hardware),
        local_time(worker.register_time),
        worker.id,
    )


def _conditions(selector: worker_pb2.CameraSelector) -> str:
    sites = [f"site {','.join(selector.site_ids)}"] if selector.site_ids else []
    labels = [f"{name}={value}" for name, value in sorted(selector.labels.items())]
    return " ".join(sites + labels) or "all"


def _hardware(hardware: worker_pb2.Hardware) -> str:
    cores = f"{hardware.cores} cores" if hardware.cores else ""
    return ", ".join(filter(None, (cores, *hardware.gpus)))


def unsent(worker: worker_pb2.Worker, now: datetime) -> str:
    """What a worker has not sent for long; empty if nothing: what was just counted waits everywhere for a moment."""
    spool = worker.spool
    if not spool.HasField("oldest_time") or now - spool.oldest_time.ToDatetime(UTC) < BEHIND:
        return ""
    full = "; there is no room for more, its cameras stand still" if spool.full else ""
    return (
        f"{worker.name} has not sent what it counted since {local_time(spool.oldest_time)}: "
        f"{decimal(spool.waiting_bytes)}{full}"
    )


def overloaded(worker: worker_pb2.Worker, now: datetime) -> str:
    """That a worker looks at far fewer frames than its cameras promise; empty if it keeps up or cannot be told.

    Streams that only just came, that promise nothing, or that bring too few frames themselves say nothing of it.
    """
    settled = [
        camera.status
        for camera in worker.cameras
        if camera.status.state == stream_pb2.STREAM_STATE_STREAMING
        and now - camera.status.start_time.ToDatetime(UTC) > SETTLED
        and all(each.kind != _SLOW for each in camera.status.conditions)
        and camera.status.nominal_frames_per_second
    ]
    promised = sum(status.nominal_frames_per_second for status in settled)
    seen = sum(status.frames_per_second for status in settled)
    if worker.state != worker_pb2.WORKER_STATE_ALIVE or seen >= KEEPS_UP * promised:
        return ""
    return (
        f"{worker.name} cannot keep up: it looks at {seen:.3g} of the {promised:.3g} frames "
        f"that its cameras bring each second"
    )


async def _cordon(gateway: str, worker: str) -> None:
    async with calling(gateway) as channel:
        request = messages.CordonWorkerRequest(worker_id=await _id_of(channel, worker))
        answer = await WorkerServiceStub(channel).CordonWorker(request)
    console.print(f"{answer.worker.name} takes no more cameras; tally workers uncordon ends that")


async def _drain(gateway: str, worker: str) -> None:
    async with calling(gateway) as channel:
        request = messages.DrainWorkerRequest(worker_id=await _id_of(channel, worker))
        answer = await WorkerServiceStub(channel).DrainWorker(request)
    console.print(
        f"{answer.worker.name}'s cameras go to others as these have room: tally workers list shows how many are "
        "left; tally workers uncordon ends that"
    )


async def _uncordon(gateway: str, worker: str) -> None:
    async with calling(gateway) as channel:
        request = messages.UncordonWorkerRequest(worker_id=await _id_of(channel, worker))
        answer = await WorkerServiceStub(channel).UncordonWorker(request)
    console.print(f"{answer.worker.name} takes cameras")


async def _scaling(gateway: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        found = await ScalingServiceStub(channel).GetScaling(
            scaling_service_pb2.GetScalingRequest()
        )
    if as_json:
        show_json(found)
        return
    show_table(
        ["cameras", "waiting", "capacity", "load", "workers", "desired workers", "for", "target"],
        [
            (
                str(found.wanted_cameras),
                str(found.waiting_cameras),
                str(found.capacity),
                f"{found.load:.2f} workers" if found.load else "",
                str(found.workers),
                str(found.desired_workers),
                _DEMANDS.get(found.demand, ""),
                f"{found.target_utilisation:.0%}",
            )
        ],
    )
