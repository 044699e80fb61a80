"""The AI model contract's methods, and what workers say of their models."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.api.camera.v1 import ai_model_service_pb2 as messages
from tally.api.camera.v1.ai_model_service_pb2_grpc import AiModelServiceServicer
from tally.api.worker.v1 import events_pb2
from tally.camera.application.command.record_models import RecordModels
from tally.camera.application.query.list_ai_models import ListAiModels
from tally.camera.domain.ports import UnitOfWork
from tally.camera.mapping.ai_models import ai_model_to_proto, installations_from_proto
from tally.kernel.bus import WORKER, Bus, Consumer, Delivery
from tally.kernel.grpc.access import current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.message_bus import MessageBus


@dataclass(frozen=True, slots=True)
class AiModelServicer(AiModelServiceServicer):
    """Serves `tally.api.camera.v1.AiModelService`."""

    use_cases: MessageBus[UnitOfWork]

    async def ListAiModels(  # noqa: N802 - gRPC's name
        self, request: messages.ListAiModelsRequest, context: ServicerContext
    ) -> messages.ListAiModelsResponse:
        """List the models by name."""
        models = await self.use_cases.execute(ListAiModels(sites=current_sites()))
        return messages.ListAiModelsResponse(models=map(ai_model_to_proto, models))

    async def GetAiModel(  # noqa: N802 - gRPC's name
        self, request: messages.GetAiModelRequest, context: ServicerContext
    ) -> messages.GetAiModelResponse:
        """Return one model."""
        query = ListAiModels(name=request.name, sites=current_sites())
        (model,) = await self.use_cases.execute(query)
        return messages.GetAiModelResponse(model=ai_model_to_proto(model))


def models_consumer(bus: Bus, use_cases: MessageBus[UnitOfWork]) -> Consumer:
    """The durable consumer of `ModelsReported`."""

    async def handle(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            event, time = delivery.message, delivery.envelope.time
            if not isinstance(event, events_pb2.ModelsReported):
                raise TypeError(f"{event.DESCRIPTOR.full_name} is no ModelsReported")
            installations = tuple(installations_from_proto(event, time))
            await use_cases.execute(
                RecordModels(worker_id=event.worker_id, time=time, installations=installations)
            )

    return Consumer(
        bus,
        WORKER,
        "camera-models",
        handle,
        context="camera",
        subjects=[WORKER.subject("ModelsReported", "*")],
    )
