"""Renders Envoy's bootstrap configuration: listeners and clusters from the table, routes from the contracts."""

from typing import Any

from gateway_envoy import edge
from gateway_envoy.clusters import OTLP_CLUSTER, address, cluster, jwks_cluster, otlp_cluster
from gateway_envoy.filters import http_filters
from gateway_envoy.headers import HSTS, SECURITY, answers_carry
from gateway_envoy.routes import not_grpc, routes
from gateway_envoy.table import Gateway
from gateway_envoy.tls import transport_socket

Config = dict[str, Any]

_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ACCESS_LOG = "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
_TRACER = "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig"

_GRPC_CODES = {
    400: 3,
    401: 16,
    403: 7,
    404: 5,
    408: 4,
    413: 8,
    429: 8,
    431: 8,
    500: 13,
    503: 14,
    504: 4,
}
"""google.rpc.Code for the statuses with which Envoy itself refuses."""


def render(gateway: Gateway) -> Config:
    """The bootstrap configuration for `gateway`, ready to be written as YAML or JSON."""
    clusters = [cluster(name, context) for name, context in gateway.contexts.items()]
    clusters.append(jwks_cluster(gateway.listen))
    if gateway.otlp:
        clusters.append(otlp_cluster(gateway.otlp))
    return {
        "node": {"id": "tally-gateway", "cluster": "tally"},
        "admin": {"address": address(gateway.admin), "ignore_global_conn_limit": True},
        "overload_manager": edge.overload_manager(),
        "layered_runtime": edge.runtime(),
        "static_resources": {"listeners": _listeners(gateway), "clusters": clusters},
    }


def _listeners(gateway: Gateway) -> list[Config]:
    manager = _connection_manager(gateway)
    filters = http_filters(gateway)
    in_clear = {**manager, "http_filters": [answers_carry(SECURITY), *filters]}
    over_tls = {**manager, "http_filters": [answers_carry(SECURITY | HSTS), *filters]}
    tls = {"transport_socket": transport_socket(gateway.tls)}
    return [
        _listener("clear", gateway.listen, in_clear),
        _listener("tls", gateway.tls.listen, over_tls, **tls),
    ]


def _listener(name: str, listen: str, manager: Config, **transport: Config) -> Config:
    network_filter = {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": manager,
    }
    return {
        "name": name,
        "address": address(listen),
        "per_connection_buffer_limit_bytes": edge.BUFFER_BYTES,
        "filter_chains": [
            {
                "filters": [network_filter],
                "transport_socket_connect_timeout": f"{edge.HEADERS_S}s",
                **transport,
            }
        ],
    }


def _connection_manager(gateway: Gateway) -> Config:
    manager: Config = {
        "@type": _HCM,
        "stat_prefix": "gateway",
        "codec_type": "AUTO",
        **edge.connection_limits(),
        "access_log": [_access_log()],
        "local_reply_config": {"mappers": [_as_json(*pair) for pair in _GRPC_CODES.items()]},
        "route_config": {
            "name": "contracts",
            "virtual_hosts": [
                {
                    "name": "tally",
                    "domains": ["*"],
                    "typed_per_filter_config": {
                        "envoy.filters.http.cors": _cors(gateway),
                        **edge.bodies_as_they_come(),
                    },
                    "routes": routes(sorted(gateway.contexts), gateway.common_limit),
                }
            ],
        },
    }
    if gateway.otlp:
        manager["tracing"] = {
            "provider": {
                "name": "envoy.tracers.opentelemetry",
                "typed_config": {
                    "@type": _TRACER,
                    "service_name": "tally-gateway",
                    "grpc_service": {"envoy_grpc": {"cluster_name": OTLP_CLUSTER}, "timeout": "1s"},
                },
            }
        }
    return manager


def _as_json(status: int, code: int) -> Config:
    """Writes Envoy's own refusals of REST requests the way in which services' errors arrive.

    When a context fails to answer, the transcoder has long made gRPC of the request: that it was REST
    shows in the path that it came with.
    """
    return {
        "filter": {
            "and_filter": {
                "filters": [
                    {
                        "status_code_filter": {
                            "comparison": {
                                "op": "EQ",
                                "value": {"default_value": status, "runtime_key": f"map_{status}"},
                            }
                        }
                    },
                    {
                        "or_filter": {
                            "filters": [
                                {"header_filter": {"header": not_grpc()}},
                                {
                                    "header_filter": {
                                        "header": {
                                            "name": "x-envoy-original-path",
                                            "present_match": True,
                                        }
                                    }
                                },
                            ]
                        }
                    },
                ]
            }
        },
        "body_format_override": {
            "json_format": {"code": code, "message": "%LOCAL_REPLY_BODY%", "details": []}
        },
    }


def _cors(gateway: Gateway) -> Config:
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"exact": origin} for origin in gateway.cors_origins],
        "allow_methods": "GET, POST, PATCH, DELETE, OPTIONS",
        "allow_headers": "authorization, content-type, grpc-timeout, if-none-match, traceparent, x-grpc-web, "
        "x-user-agent",
        "expose_headers": "etag, grpc-status, grpc-message, grpc-status-details-bin, x-request-id",
        "max_age": "86400",
    }


def _access_log() -> Config:
    return {
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": _ACCESS_LOG,
            "log_format": {
                "json_format": {
                    "time": "%START_TIME%",
                    "method": "%REQ(X-ENVOY-ORIGINAL-METHOD?:METHOD)%",
                    "path": "%PATH(NQ:ORIG)%",
                    "protocol": "%PROTOCOL%",
                    "status": "%RESPONSE_CODE%",
                    "grpc_status": "%GRPC_STATUS(SNAKE_STRING)%",
                    "flags": "%RESPONSE_FLAGS%",
                    "milliseconds": "%DURATION%",
                    "bytes_received": "%BYTES_RECEIVED%",
                    "bytes_sent": "%BYTES_SENT%",
                    "cluster": "%UPSTREAM_CLUSTER%",
                    "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
                    "request_id": "%REQ(X-REQUEST-ID)%",
                    "trace": "%REQ(TRACEPARENT)%",
                }
            },
        },
    }
