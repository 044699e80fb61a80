"""The ScalingService of the contract, and the same figures as metrics."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from tally.api.worker.v1 import scaling_service_pb2 as messages
from tally.api.worker.v1.scaling_service_pb2_grpc import ScalingServiceServicer
from tally.kernel.grpc.call import ServicerContext
from tally.worker.application.query.get_scaling import GetScaling
from tally.worker.domain.scaling import Scaling
from tally.worker.mapping import scaling_to_proto

PERIOD_S = 5.0

_meter = metrics.get_meter("tally.worker")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ScalingServicer(ScalingServiceServicer):
    """Serves `tally.api.worker.v1.ScalingService`."""

    get_scaling: GetScaling

    async def GetScaling(  # noqa: N802 - gRPC's name
        self, request: messages.GetScalingRequest, context: ServicerContext
    ) -> messages.GetScalingResponse:
        """Show how the pool is used."""
        return scaling_to_proto(await self.get_scaling(), self.get_scaling.target_utilisation)


async def keep_measuring(get_scaling: GetScaling) -> None:
    """Keep the gauges at what the pool is like, until cancelled."""
    latest: Scaling | None = None

    def observe(name: str, what: str) -> None:
        def tell(_options: CallbackOptions) -> Iterable[Observation]:
            return [] if latest is None else [Observation(getattr(latest, name))]

        _meter.create_observable_gauge(f"tally.pool.{name}", [tell], description=what)

    observe("wanted", "Cameras that are to be run")
    observe("waiting", "Cameras that are to be run and that no worker runs")
    observe("workers", "Living workers")
    observe("capacity", "Cameras that the workers which take cameras can run")
    observe("load", "Workers whose whole time the wanted cameras would take")
    observe("desired_workers", "Workers that the wanted cameras would use to the target")
    while True:
        try:
            latest = await get_scaling()
        except Exception as error:
            latest = None
            _log.warning("scaling_unknown", error=str(error))
        await asyncio.sleep(PERIOD_S)
