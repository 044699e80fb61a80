"""One cluster for each context: circuit breakers, retry budget, health checks and outlier detection."""

from typing import Any

from gateway_envoy.edge import BUFFER_BYTES, HTTP2_WINDOWS
from gateway_envoy.identity import JWKS_CLUSTER
from gateway_envoy.table import Context

Config = dict[str, Any]

OTLP_CLUSTER = "otlp"

_HTTP_OPTIONS = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def address(text: str) -> Config:
    """`host:port` as Envoy writes it."""
    host, _, port = text.rpartition(":")
    return {"socket_address": {"address": host.strip("[]"), "port_value": int(port)}}


def cluster(name: str, context: Context) -> Config:
    """The cluster of one context.

    Outlier detection takes a host out after five failures for sixty seconds, then probes it with live
    traffic; where a context has one host only, Envoy's panic threshold keeps asking it instead.
    """
    return {
        **_grpc_cluster(name, context.address),
        "circuit_breakers": {
            "thresholds": [
                {
                    "priority": "DEFAULT",
                    "max_requests": context.max_requests,
                    "max_pending_requests": context.max_requests,
                    "max_connections": 100,
                    "track_remaining": True,
                    "retry_budget": {"budget_percent": {"value": 20}, "min_retry_concurrency": 3},
                }
            ]
        },
        "outlier_detection": {
            "consecutive_5xx": 5,
            "consecutive_gateway_failure": 5,
            "interval": "5s",
            "base_ejection_time": "60s",
            "max_ejection_percent": 50,
        },
        "health_checks": [
            {
                "timeout": "2s",
                "interval": "5s",
                "no_traffic_interval": "5s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "grpc_health_check": {},
            }
        ],
    }


def jwks_cluster(gateway: str) -> Config:
    """The gateway itself, as the place where auth's keys are published in HTTP's own words."""
    return {
        "name": JWKS_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": _one_endpoint(JWKS_CLUSTER, gateway),
    }


def otlp_cluster(collector: str) -> Config:
    """The cluster that traces are sent to."""
    return _grpc_cluster(OTLP_CLUSTER, collector)


def _grpc_cluster(name: str, host_and_port: str) -> Config:
    return {
        "name": name,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": _HTTP_OPTIONS,
                "explicit_http_config": {
                    "http2_protocol_options": {
                        **HTTP2_WINDOWS,
                        "connection_keepalive": {"interval": "30s", "timeout": "5s"},
                    }
                },
            }
        },
        "load_assignment": _one_endpoint(name, host_and_port),
    }


def _one_endpoint(name: str, host_and_port: str) -> Config:
    endpoint = {"endpoint": {"address": address(host_and_port)}}
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}
