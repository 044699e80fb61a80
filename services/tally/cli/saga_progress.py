"""How a saga gets on, as people read it."""

from collections.abc import Iterator

from rich.text import Text

from tally.api.camera.v1 import saga_pb2

STATES = {
    value: name.removeprefix("SAGA_STATE_").lower() for name, value in saga_pb2.SagaState.items()
}
OVER = {saga_pb2.SAGA_STATE_DONE, saga_pb2.SAGA_STATE_UNDONE, saga_pb2.SAGA_STATE_ABANDONED}


def progress_text(saga: saga_pb2.Saga) -> str:
    """How far the saga is, in a line."""
    if saga.state in OVER:
        return " - ".join(filter(None, (STATES[saga.state], saga.reason)))
    doing = "undo: " if saga.reason else ""
    step = doing + saga.steps[saga.steps_done]
    return " - ".join(filter(None, (STATES[saga.state], step, saga.message)))


def steps_text(saga: saga_pb2.Saga) -> Text:
    """Every step in a line of its own, and where the saga is."""
    return Text("\n").join(_lines(saga))


def _lines(saga: saga_pb2.Saga) -> Iterator[Text]:
    for index, step in enumerate(saga.steps):
        if index < saga.steps_done:
            yield Text(f"✓ {step}", "green")
        elif index > saga.steps_done or saga.state in OVER:
            yield Text(f"  {step}", "dim")
        elif saga.state == saga_pb2.SAGA_STATE_PARKED:
            yield Text(f"! {step}: parked: {saga.message}", "bold red")
        elif saga.reason:
            yield Text(f"↶ {step}: {saga.message or 'is undone'}", "yellow")
        else:
            yield Text(f"… {step}{': ' if saga.message else ''}{saga.message}", "yellow")
    if saga.reason:
        yield Text(saga.reason, "red")
