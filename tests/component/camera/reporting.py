"""Workers that say which models they have."""

import asyncio
from datetime import datetime

import grpc

from tally.api.camera.v1 import ai_model_pb2
from tally.api.camera.v1 import ai_model_service_pb2 as messages
from tally.api.camera.v1.ai_model_service_pb2_grpc import AiModelServiceStub
from tally.api.worker.v1 import events_pb2
from tally.kernel.bus import WORKER, Bus, Envelope
from tally.kernel.clock import utc_now
from tally.kernel.ids import new_id


async def report(
    nats_url: str, channel: grpc.aio.Channel, *models: ai_model_pb2.InstalledModel
) -> tuple[str, datetime, list[messages.AiModel]]:
    """Have a worker `east` say that it has these models, and wait until they are listed: its id, when, and the list."""
    worker, now = new_id(), utc_now()
    event = events_pb2.ModelsReported(worker_id=worker, worker_name="east", models=models)
    envelope = Envelope.of(event, id=new_id(), source="tally/worker", subject=worker, time=now)
    async with Bus.connect(nats_url, name="test") as bus:
        await bus.publish([(WORKER.subject("ModelsReported", worker), envelope)])
    stub = AiModelServiceStub(channel)
    async with asyncio.timeout(15):
        while not (found := (await stub.ListAiModels(messages.ListAiModelsRequest())).models):
            await asyncio.sleep(0.05)
    return worker, now, list(found)
