"""One route for each method of the contracts, with its deadline and retries."""

import json
from collections.abc import Sequence
from typing import Any

from tally.kernel.contracts import Method, methods

Config = dict[str, Any]

_SAFE_TO_REPEAT = "connect-failure,refused-stream,reset,unavailable"
"""Failures after which a repeatable method may be tried again: the connection's, not the answer's."""


def routes(contexts: Sequence[str]) -> list[Config]:
    """Routes for all methods of `contexts`, then reflection, then an answer for everything else.

    REST paths need no routes of their own: the transcoder rewrites them to their method's path first.
    """
    wanted = [method for method in methods().values() if method.context in contexts]
    return [
        *(_method_route(method) for method in wanted),
        *_reflection_routes(contexts[0]),
        _not_found(),
    ]


def _method_route(method: Method) -> Config:
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
    return {"match": {"path": method.path}, "route": action}


def _reflection_routes(context: str) -> list[Config]:
    """Every context describes the whole API, so any of them can answer."""
    return [
        {
            "match": {"prefix": f"/grpc.reflection.{version}.ServerReflection/"},
            "route": {"cluster": context, "timeout": "0s"},
        }
        for version in ("v1", "v1alpha")
    ]


def _not_found() -> Config:
    body = {
        "code": 5,
        "message": "no such route: the API reference lists what there is",
        "details": [],
    }
    return {
        "match": {"prefix": "/"},
        "direct_response": {"status": 404, "body": {"inline_string": json.dumps(body)}},
        "response_headers_to_add": [
            {
                "header": {"key": "content-type", "value": "application/json"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
    }
