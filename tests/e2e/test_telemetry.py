"""A request and a count can be followed through the whole mesh."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from tests.meshes import administrators_token, mesh_in

SECONDS = 60


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps the spans that it is sent: by trace, who said what."""

    def __init__(self) -> None:
        self.traces: dict[bytes, set[tuple[str, str]]] = defaultdict(set)

    async def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        for resource in request.resource_spans:
            attributes = {
                each.key: each.value.string_value for each in resource.resource.attributes
            }
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.traces[span.trace_id].add((attributes["service.name"], span.name))
        return trace_service_pb2.ExportTraceServiceResponse()

    async def trace(self, matches: Callable[[set[tuple[str, str]]], bool]) -> bytes:
        """Wait for a trace whose spans match."""
        for _ in range(SECONDS * 10):
            for trace_id, spans in self.traces.items():
                if matches(spans):
                    return trace_id
            await asyncio.sleep(0.1)
        raise AssertionError(f"no such trace in {self.traces.values()}")


@asynccontextmanager
async def collecting(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    collector = Collector()
    server = grpc.aio.server()
    register: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server
    register(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_INSECURE", "true")
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
    try:
        yield collector
    finally:
        await server.stop(None)


def holds(*wanted: tuple[str, str]) -> Callable[[set[tuple[str, str]]], bool]:
    """Whether a trace has a span of each service whose name contains the text."""
    return lambda spans: all(
        any(service == who and text in name for service, name in spans) for who, text in wanted
    )


async def test_requests_and_counts_leave_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting(monkeypatch) as collector, mesh_in(tmp_path, compact=True) as mesh:
        token = await administrators_token(mesh.gateway, mesh.folder)
        async with httpx.AsyncClient(
            base_url=f"http://{mesh.gateway}",
            headers={"authorization": f"Bearer {token}"},
            timeout=20,
        ) as http:
            camera = {
                "name": "Square",
                "stream": {"uri": "demo://plaza"},
                "counting": {"detector": "motion"},
            }
            created = (await http.post("/api/v1/cameras", json=camera)).json()["camera"]
            activated = await http.post(f"/api/v1/cameras/{created['id']}:activate", json={})
            assert activated.status_code == 200
        of_the_request = await collector.trace(
            holds(
                ("tally-gateway", ""),
                ("tally-contexts", "CameraService/CreateCamera"),
                ("tally-contexts", "worker-cameras-2 handle"),
            )
        )
        await collector.trace(
            holds(
                ("tally-agent", "CountsRecorded"), ("tally-contexts", "analytics-counting handle")
            )
        )
        port = json.loads((tmp_path / "ports.json").read_text())["camera-metrics"]
        async with httpx.AsyncClient() as http:
            metrics = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
        assert 'rpc_method="CreateCamera"' in metrics
        assert "tally_events_handled" in metrics
        logged = [
            json.loads(line)
            for line in mesh.part("contexts").process.log.read_text().splitlines()
            if line.startswith("{")
        ]
        assert {"event", "level", "timestamp", "service"} <= logged[0].keys()
        assert len(of_the_request) == 16
