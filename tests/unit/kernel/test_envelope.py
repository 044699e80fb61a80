"""Events as headers and bytes, there and back."""

from datetime import UTC, datetime

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from tally.api.camera.v1 import events_pb2
from tally.kernel.bus import Envelope
from tally.kernel.messages import UnknownMessage, decode

RENAMED = events_pb2.CameraRenamed(camera_id="plaza", name="Plaza")


def envelope(version: int = 0) -> Envelope:
    return Envelope.of(
        RENAMED,
        id="7",
        source="tally/camera",
        subject="plaza",
        time=datetime(2026, 5, 17, 12, 30, 1, 250_000, tzinfo=UTC),
        version=version,
    )


@pytest.mark.parametrize("version", [0, 3])
def test_an_event_survives_the_journey(version: int) -> None:
    sent = envelope(version)
    received = Envelope.parse(sent.headers(), sent.payload)
    assert received == sent
    assert received.message() == RENAMED


def test_its_headers_are_a_cloudevents() -> None:
    assert envelope(version=3).headers() == {
        "Nats-Msg-Id": "7",
        "ce-specversion": "1.0",
        "ce-id": "7",
        "ce-source": "tally/camera",
        "ce-subject": "plaza",
        "ce-time": "2026-05-17T12:30:01.250000+00:00",
        "ce-type": "tally.api.camera.v1.CameraRenamed",
        "ce-sequence": "3",
        "content-type": "application/protobuf",
    }


def test_it_carries_the_trace_of_its_cause() -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("cause") as cause:
        headers = envelope().headers()
    assert trace.format_trace_id(cause.get_span_context().trace_id) in headers["traceparent"]


@pytest.mark.parametrize(
    "broken", [{"ce-time": "yesterday"}, {"ce-sequence": "first"}, {"ce-id": None}]
)
def test_malformed_headers_are_no_event(broken: dict[str, str | None]) -> None:
    headers = {
        key: value for key, value in (envelope(1).headers() | broken).items() if value is not None
    }
    with pytest.raises(UnknownMessage):
        Envelope.parse(headers, b"")


@pytest.mark.parametrize(
    ("name", "payload"),
    [("tally.api.camera.v1.NoSuchEvent", b""), ("tally.api.camera.v1.CameraRenamed", b"\xff")],
)
def test_unknown_types_and_foreign_bytes_are_told(name: str, payload: bytes) -> None:
    with pytest.raises(UnknownMessage):
        decode(name, payload)
