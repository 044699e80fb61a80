"""How often one caller may call: what the contracts say of single methods, and one limit for everything.

Callers are told apart by whose token they show, without one by their network address. Each Envoy counts by itself.
"""

from math import ceil
from typing import Any

from gateway_envoy.identity import caller_of
from gateway_envoy.table import Limit
from tally.kernel.contracts import Method

Config = dict[str, Any]

FILTER = "envoy.filters.http.local_ratelimit"

_TYPE = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
_CALLER, _ADDRESS = "caller", "remote_address"
_MOST_CALLERS = 10_000
"""Callers whose calls are counted at a time; whoever has not called for longest makes room."""


def limits(common: Limit) -> Config:
    """The filter; what it says itself is for requests of no method."""
    return {"name": FILTER, "typed_config": _limited(common.calls, common.seconds, _ADDRESS)}


def limit_of(method: Method, common: Limit) -> Config:
    """What a method's route says: its policy's limit, or the common one."""
    # Nobody looks at the tokens that come with public calls. Other calls have shown whose they are.
    public = method.policy is not None and method.policy.WhichOneof("access") == "public"
    key = _ADDRESS if public else _CALLER
    if method.policy is None or not method.policy.HasField("rate_limit"):
        return {FILTER: _limited(common.calls, common.seconds, key)}
    limit = method.policy.rate_limit
    return {FILTER: _limited(limit.calls, limit.per.ToTimedelta().total_seconds(), key)}


def _limited(calls: int, seconds: float, key: str) -> Config:
    bucket = {
        "max_tokens": calls,
        "tokens_per_fill": calls,
        "fill_interval": f"{seconds:g}s",
    }
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "@type": _TYPE,
        "stat_prefix": "calls",
        "filter_enabled": always,
        "filter_enforced": always,
        # For calls whose caller nobody can name; there are none.
        "token_bucket": {"max_tokens": 2**31, "tokens_per_fill": 2**31, "fill_interval": "1s"},
        # An entry without a value stands for each value that comes along, with a bucket of its own.
        "descriptors": [{"entries": [{"key": key}], "token_bucket": bucket}],
        "max_dynamic_descriptors": _MOST_CALLERS,
        "rate_limits": [{"actions": [_action(key)]}],
        "rate_limited_as_resource_exhausted": True,
        "response_headers_to_add": [
            {
                "header": {"key": "retry-after", "value": str(ceil(seconds))},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
    }


def _action(key: str) -> Config:
    return caller_of(key) if key == _CALLER else {"remote_address": {}}
