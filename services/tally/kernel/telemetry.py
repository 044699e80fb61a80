"""Logs, traces and metrics, set up once in each process.

Logs are JSON lines (or coloured text for people) that carry the trace id of the call or event they
belong to. Traces and metrics leave over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` says where to; metrics
can also be scraped by Prometheus.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import structlog
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import start_http_server
from pydantic_settings import BaseSettings, SettingsConfigDict
from structlog.typing import EventDict, WrappedLogger

from tally.kernel.tracing import IdsOnlyTracerProvider


class LogSettings(BaseSettings):
    """How to log: `TALLY_LOG_LEVEL` and `TALLY_LOG_FORMAT`."""

    model_config = SettingsConfigDict(env_prefix="TALLY_LOG_")

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


@contextmanager
def telemetry(service: str, metrics_listen: str | None = None) -> Iterator[None]:
    """Set up logs, traces and metrics for this process; on leaving, send what is still unsent.

    Args:
        service: Name of the process in logs, traces and metrics, such as `camera`.
        metrics_listen: Where to serve Prometheus metrics, as `host:port`; None serves none.
    """
    configure_logs(service)
    resource = Resource.create({"service.name": f"tally-{service}", "service.namespace": "tally"})
    readers: list[MetricReader] = []
    tracers: TracerProvider | None = None
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        tracers = TracerProvider(resource=resource)
        tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
    if metrics_listen:
        readers.append(PrometheusMetricReader())
    meter_provider = MeterProvider(metric_readers=readers, resource=resource)
    trace.set_tracer_provider(tracers or IdsOnlyTracerProvider())
    metrics.set_meter_provider(meter_provider)
    server = None
    if metrics_listen:
        host, _, port = metrics_listen.rpartition(":")
        server, _ = start_http_server(int(port), addr=host)
    try:
        yield
    finally:
        if server is not None:
            server.shutdown()
        if tracers is not None:
            tracers.shutdown()
        meter_provider.shutdown()


def configure_logs(service: str) -> None:
    """Send structlog's and the standard library's records to standard error, one line each."""
    settings = LogSettings()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _adder(service),
    ]
    if settings.format == "json":
        # Local variables stay out of tracebacks: they may be secrets, and there may be megabytes of them.
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        shared.append(structlog.processors.ExceptionRenderer(tracebacks))
        renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.level.upper(), force=True)


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
        event["span_id"] = trace.format_span_id(context.span_id)
    return event


def _adder(service: str) -> structlog.typing.Processor:
    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add_service
