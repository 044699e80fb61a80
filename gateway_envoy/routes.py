"""One route for each method of the contracts, with its deadline and retries."""

from collections.abc import Sequence
from typing import Any

from gateway_envoy import edge
from gateway_envoy.caching import kept_as_the_contract_says
from gateway_envoy.compression import uncompressed
from gateway_envoy.limits import limit_of
from gateway_envoy.table import Limit
from tally.kernel.contracts import Method, methods

Config = dict[str, Any]

_SAFE_TO_REPEAT = "connect-failure,refused-stream,reset,unavailable"
"""Failures after which a repeatable method may be tried again: the connection's, not the answer's."""


def routes(contexts: Sequence[str], common_limit: Limit) -> list[Config]:
    """Routes for all methods of `contexts`, then reflection, then REST.

    Args:
        contexts: Whose methods can be called.
        common_limit: How often one caller may call methods whose policies do not say it.
    """
    wanted = [method for method in methods().values() if method.context in contexts]
    return [
        *(_method_route(method, common_limit) for method in wanted),
        *_reflection_routes(contexts[0]),
        _rest_route(contexts[0]),
    ]


def _method_route(method: Method, common_limit: Limit) -> Config:
    action: Config = {"cluster": method.context, "timeout": "0s"}
    deadline = method.deadline_s
    if deadline is not None:
        action["timeout"] = f"{deadline:g}s"
        action["max_stream_duration"] = {
            "max_stream_duration": f"{deadline:g}s",
            "grpc_timeout_header_max": f"{deadline:g}s",
        }
    if method.policy is not None and method.policy.retries and method.repeatable:
        action["retry_policy"] = {
            "retry_on": _SAFE_TO_REPEAT,
            "num_retries": method.policy.retries,
            "retry_back_off": {"base_interval": "0.05s", "max_interval": "1s"},
        }
    route = {"match": {"path": method.path}, "route": action, **kept_as_the_contract_says(method)}
    filters = limit_of(method, common_limit)
    if method.descriptor.server_streaming:
        filters |= uncompressed()
    route["typed_per_filter_config"] = filters
    return route


def _reflection_routes(context: str) -> list[Config]:
    """Every context describes the whole API, so any of them can answer."""
    return [
        {
            "match": {"prefix": f"/grpc.reflection.{version}.ServerReflection/"},
            "route": {"cluster": context, "timeout": "0s"},
        }
        for version in ("v1", "v1alpha")
    ]


def _rest_route(context: str) -> Config:
    """Where REST requests are until the transcoder finds their method: CORS needs a route that leads somewhere.

    Nothing is sent along it: what the transcoder does not know, it refuses. gRPC, which the transcoder lets
    pass, finds no route here, so that contexts' own services, such as their health, stay inside.
    """
    return {
        "match": {"prefix": "/", "headers": [not_grpc()]},
        "route": {
            "cluster": context,
            "max_stream_duration": {"max_stream_duration": f"{edge.BODY_S}s"},
        },
        "typed_per_filter_config": edge.whole_bodies(),
    }


def not_grpc() -> Config:
    """Matches the headers of requests that are neither gRPC nor gRPC-Web."""
    return {
        "name": "content-type",
        "string_match": {"prefix": "application/grpc"},
        "treat_missing_header_as_empty": True,
        "invert_match": True,
    }
