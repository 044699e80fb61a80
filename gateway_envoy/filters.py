"""The HTTP filters: CORS, health, status mapping, gRPC-Web, JSON transcoding, identity, routing."""

from typing import Any

from gateway_envoy.caching import conditional_answers
from gateway_envoy.compression import compressors
from gateway_envoy.edge import MAX_ANSWER_BYTES, MAX_BODY_BYTES
from gateway_envoy.identity import permitted_calls, verified_tokens
from gateway_envoy.limits import limits
from gateway_envoy.table import Gateway
from tally.kernel.contracts import methods

Config = dict[str, Any]

_EXTENSIONS = "type.googleapis.com/envoy.extensions.filters.http"

STATUS_HEADER = "x-tally-http-status"
"""Response header by which a service asks for another HTTP status than 200, such as 201 after a creation."""

# Stands before the transcoder, so that it sees the response after it: the header means REST's status
# where JSON leaves, and nothing to gRPC clients.
_MAP_STATUS = f"""
function envoy_on_response(handle)
  local headers = handle:headers()
  local status = headers:get("{STATUS_HEADER}")
  if status == nil then
    return
  end
  headers:remove("{STATUS_HEADER}")
  local kind = headers:get("content-type") or ""
  if kind:find("application/json", 1, true) == 1 and headers:get(":status") == "200" then
    headers:replace(":status", status)
  end
end
"""


def http_filters(gateway: Gateway) -> list[Config]:
    """The filter chain, in the order in which a request passes it."""
    services = {
        method.service for method in methods().values() if method.context in gateway.contexts
    }
    return [
        *compressors(),
        _filter("cors", f"{_EXTENSIONS}.cors.v3.Cors"),
        _filter(
            "health_check",
            f"{_EXTENSIONS}.health_check.v3.HealthCheck",
            pass_through_mode=False,
            headers=[{"name": ":path", "string_match": {"exact": "/healthz"}}],
        ),
        _filter(
            "lua",
            f"{_EXTENSIONS}.lua.v3.Lua",
            default_source_code={"inline_string": _MAP_STATUS},
        ),
        conditional_answers(),
        _filter("buffer", f"{_EXTENSIONS}.buffer.v3.Buffer", max_request_bytes=MAX_BODY_BYTES),
        _filter("grpc_web", f"{_EXTENSIONS}.grpc_web.v3.GrpcWeb"),
        _filter(
            "grpc_json_transcoder",
            f"{_EXTENSIONS}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
            proto_descriptor=gateway.contracts,
            services=sorted(services),
            auto_mapping=False,
            convert_grpc_status=True,
            max_response_body_size=MAX_ANSWER_BYTES,
            print_options={
                "always_print_primitive_fields": True,
                "stream_newline_delimited": True,
            },
            request_validation_options={
                "reject_unknown_method": True,
                "reject_unknown_query_parameters": True,
            },
        ),
        verified_tokens(),
        limits(gateway.common_limit),
        permitted_calls(),
        _filter("router", f"{_EXTENSIONS}.router.v3.Router", suppress_envoy_headers=True),
    ]


def _filter(name: str, kind: str, **config: object) -> Config:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": kind, **config}}
