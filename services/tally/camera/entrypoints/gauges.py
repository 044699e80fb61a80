"""Tells how many cameras there are."""

from opentelemetry import metrics

from tally.camera.application.query.count_cameras import CountCameras
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.message_bus import MessageBus

_meter = metrics.get_meter("tally.camera")
_cameras = _meter.create_gauge("tally.cameras", description="Cameras, by whether they count")


async def tell_of_cameras(use_cases: MessageBus[UnitOfWork]) -> None:
    """Set the gauge once."""
    for state, count in (await use_cases.execute(CountCameras())).items():
        _cameras.set(count, {"state": state.value})
