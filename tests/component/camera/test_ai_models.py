"""What workers say of their models is listed."""

from datetime import UTC, datetime

import grpc

from tally.api.camera.v1 import ai_model_pb2
from tally.api.camera.v1 import ai_model_service_pb2 as messages
from tally.api.camera.v1.ai_model_service_pb2_grpc import AiModelServiceStub
from tests.component.camera.reporting import report
from tests.refusals import refused

MOTION = ai_model_pb2.InstalledModel(
    name="motion", version="1", classes=["object"], side=640, licence="Apache-2.0"
)
NANO = ai_model_pb2.InstalledModel(
    name="yolox-nano",
    version="1",
    classes=["person", "car"],
    side=416,
    weights_bytes=3_700_000,
    weights_sha256="a" * 64,
    licence="Apache-2.0",
    latency=ai_model_pb2.ModelLatency(p50_ms=12.5, p99_ms=20.0, frames=500),
)


async def test_models_are_listed_as_workers_report_them(
    channel: grpc.aio.Channel, nats_url: str
) -> None:
    worker, now, found = await report(nats_url, channel, NANO, MOTION)
    models = AiModelServiceStub(channel)
    assert [model.name for model in found] == ["motion", "yolox-nano"]
    (motion,), (nano,) = (model.installations for model in found)
    assert (motion.model, nano.model) == (MOTION, NANO)
    assert (nano.worker_id, nano.worker_name) == (worker, "east")
    reported = nano.report_time.ToDatetime(UTC)
    assert abs(reported - now) < datetime.resolution * 1000
    one = await models.GetAiModel(messages.GetAiModelRequest(name="yolox-nano"))
    assert one.model == found[1]
    none = models.GetAiModel(messages.GetAiModelRequest(name="yolox-x"))
    assert await refused(none) == (grpc.StatusCode.NOT_FOUND, "AI_MODEL_NOT_FOUND")
