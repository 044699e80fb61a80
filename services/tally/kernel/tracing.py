"""Spans for processes whose traces nobody collects: they are ids for logs and for the calls that follow, and no more.

OpenTelemetry's own spans that are not recorded cost several times as much, on every call.
"""

from functools import cached_property
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext


class IdsOnlyTracerProvider(trace.TracerProvider):
    """Gives tracers that record nothing."""

    def get_tracer(self, *args: Any, **kwargs: Any) -> trace.Tracer:
        """The one tracer, whatever is asked for."""
        return _TRACER


class _IdsOnlyTracer(trace.Tracer):
    def start_span(
        self, name: str, context: Context | None = None, *args: Any, **kwargs: Any
    ) -> Span:
        """A span in its parent's trace, or in one of its own; it gets its ids when somebody asks for them."""
        return _IdsOnlySpan(trace.get_current_span(context))

    def start_as_current_span(
        self, name: str, context: Context | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Such a span for a block."""
        return trace.use_span(self.start_span(name, context))


class _IdsOnlySpan(NonRecordingSpan):
    def __init__(self, parent: Span) -> None:
        self._parent = parent

    def get_span_context(self) -> SpanContext:
        """Its ids. Not sampled, unless its parent is."""
        return self._made

    @cached_property
    def _made(self) -> SpanContext:
        parent = self._parent.get_span_context()
        return SpanContext(
            parent.trace_id if parent.is_valid else _IDS.generate_trace_id(),
            _IDS.generate_span_id(),
            is_remote=False,
            trace_flags=parent.trace_flags,
            trace_state=parent.trace_state,
        )


_IDS = RandomIdGenerator()
_TRACER = _IdsOnlyTracer()
