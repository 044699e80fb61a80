"""`tally sagas`: cameras on their way into service."""

import asyncio
from typing import Annotated

import typer

from tally.api.camera.v1 import provisioning_service_pb2 as messages
from tally.api.camera.v1.provisioning_service_pb2_grpc import ProvisioningServiceStub
from tally.cli.failing import failing_clearly
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.saga_progress import STATES, progress_text, steps_text
from tally.cli.showing import JsonOption, console, local_time, show_json, show_table

sagas = typer.Typer(help="Cameras on their way into service.", no_args_is_help=True)

SagaArgument = Annotated[
    str, typer.Argument(metavar="SAGA", help="Its id, from `tally sagas list`.")
]
_STATE_VALUES = {name: value for value, name in STATES.items() if value}


@sagas.command("list")
def list_sagas(
    state: Annotated[str, typer.Option(help=f"Only those that are {', '.join(_STATE_VALUES)}.")] = (
        ""
    ),
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 50,
    gateway: GatewayOption = DEFAULT_GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show sagas, the newest first."""
    with failing_clearly():
        request = messages.ListSagasRequest(page_size=limit)
        if state:
            if state not in _STATE_VALUES:
                raise typer.BadParameter(f"one of {', '.join(_STATE_VALUES)}", param_hint="--state")
            request.state = _STATE_VALUES[state]
        asyncio.run(_list(gateway, request, as_json=as_json))


@sagas.command()
def show(
    saga: SagaArgument, gateway: GatewayOption = DEFAULT_GATEWAY, as_json: JsonOption = False
) -> None:
    """Show a saga's steps, what it waits for, and why it is undone."""
    with failing_clearly():
        asyncio.run(_show(gateway, saga, as_json=as_json))


@sagas.command()
def retry(saga: SagaArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """Have a parked saga go on the way it was going, once the cause is mended."""
    with failing_clearly():
        asyncio.run(_retry(gateway, saga))


@sagas.command()
def abandon(saga: SagaArgument, gateway: GatewayOption = DEFAULT_GATEWAY) -> None:
    """End a parked saga and leave everything as it is."""
    with failing_clearly():
        asyncio.run(_abandon(gateway, saga))


async def _list(gateway: str, request: messages.ListSagasRequest, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        found = (await ProvisioningServiceStub(channel).ListSagas(request)).sagas
    if as_json:
        show_json(found)
        return
    show_table(
        ["saga", "camera", "how it does", "since"],
        [
            (saga.id, saga.camera_name, progress_text(saga), local_time(saga.create_time))
            for saga in found
        ],
    )


async def _show(gateway: str, saga_id: str, *, as_json: bool) -> None:
    async with calling(gateway) as channel:
        request = messages.GetSagaRequest(saga_id=saga_id)
        saga = (await ProvisioningServiceStub(channel).GetSaga(request)).saga
    if as_json:
        show_json(saga)
        return
    console.print(f"{saga.camera_name} ({saga.camera_id}): {STATES[saga.state]}")
    console.print(steps_text(saga))


async def _retry(gateway: str, saga_id: str) -> None:
    async with calling(gateway) as channel:
        request = messages.RetrySagaRequest(saga_id=saga_id)
        saga = (await ProvisioningServiceStub(channel).RetrySaga(request)).saga
    console.print(f"{saga_id} goes on: {progress_text(saga)}")


async def _abandon(gateway: str, saga_id: str) -> None:
    async with calling(gateway) as channel:
        await ProvisioningServiceStub(channel).AbandonSaga(
            messages.AbandonSagaRequest(saga_id=saga_id)
        )
    console.print(f"{saga_id} is abandoned")
