"""Between the contract's AI models and the domain's."""

from collections.abc import Iterator
from datetime import datetime

from tally.api.camera.v1 import ai_model_pb2
from tally.api.camera.v1 import ai_model_service_pb2 as messages
from tally.api.worker.v1 import events_pb2
from tally.camera.domain.ai_model import AiModel, Installation, Latency


def installations_from_proto(
    event: events_pb2.ModelsReported, time: datetime
) -> Iterator[Installation]:
    """What a worker said to have at a time."""
    for model in event.models:
        latency = model.latency
        yield Installation(
            worker_id=event.worker_id,
            worker_name=event.worker_name,
            name=model.name,
            version=model.version,
            classes=tuple(model.classes),
            side=model.side,
            weights_bytes=model.weights_bytes,
            weights_sha256=model.weights_sha256,
            licence=model.licence,
            latency=(
                Latency(latency.p50_ms, latency.p99_ms, latency.frames)
                if model.HasField("latency")
                else None
            ),
            report_time=time,
        )


def ai_model_to_proto(model: AiModel) -> messages.AiModel:
    """The whole resource."""
    return messages.AiModel(
        name=model.name,
        installations=map(_installation_to_proto, model.installations),
        differing=model.differing,
        camera_count=model.camera_count,
    )


def _installation_to_proto(installation: Installation) -> messages.ModelInstallation:
    model = ai_model_pb2.InstalledModel(
        name=installation.name,
        version=installation.version,
        classes=installation.classes,
        side=installation.side,
        weights_bytes=installation.weights_bytes,
        weights_sha256=installation.weights_sha256,
        licence=installation.licence,
    )
    if (latency := installation.latency) is not None:
        model.latency.p50_ms, model.latency.p99_ms = latency.p50_ms, latency.p99_ms
        model.latency.frames = latency.frames
    message = messages.ModelInstallation(
        worker_id=installation.worker_id, worker_name=installation.worker_name, model=model
    )
    message.report_time.FromDatetime(installation.report_time)
    return message
