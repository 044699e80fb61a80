"""Who may pass: tokens verified with auth's published keys, and permissions compared with the contracts' policies.

Both filters stand behind the transcoder, where every request has its method's path. Contexts verify the same token
again, so that nobody gains by going round the gateway.
"""

from collections.abc import Iterable
from typing import Any

from tally.kernel.contracts import Method, methods
from tally.kernel.grpc.tokens import AUDIENCE, ISSUER, LEEWAY_S
from tally.kernel.identity import ADMINISTER

Config = dict[str, Any]

JWT = "envoy.filters.http.jwt_authn"
JWKS_CLUSTER = "jwks"
JWKS_PATH = "/.well-known/jwks.json"

_EXTENSIONS = "type.googleapis.com/envoy.extensions.filters.http"
_PROVIDER = "tally"
_CLAIMS = "claims"


def verified_tokens() -> Config:
    """The filter that refuses calls without a token that holds, those of public methods apart (RFC 6750, 7519).

    Keys are fetched in the background through the gateway itself, because auth speaks gRPC alone; while they
    cannot be fetched, the known ones go on being used.
    """
    return {
        "name": JWT,
        "typed_config": {
            "@type": f"{_EXTENSIONS}.jwt_authn.v3.JwtAuthentication",
            "providers": {
                _PROVIDER: {
                    "issuer": ISSUER,
                    "audiences": [AUDIENCE],
                    "forward": True,
                    "payload_in_metadata": _CLAIMS,
                    "clock_skew_seconds": LEEWAY_S,
                    "require_expiration": True,
                    "remote_jwks": {
                        "http_uri": {
                            "uri": f"http://gateway{JWKS_PATH}",
                            "cluster": JWKS_CLUSTER,
                            "timeout": "5s",
                        },
                        "cache_duration": "300s",
                        "async_fetch": {"fast_listener": True, "failed_refetch_duration": "0.25s"},
                    },
                }
            },
            "rules": [
                {"match": {"path": method.path}, "requires": {"provider_name": _PROVIDER}}
                for method in methods().values()
                if _access(method) != "public"
            ],
        },
    }


def permitted_calls() -> Config:
    """The filter that refuses calls which the method's policy does not allow its caller.

    Methods without a policy are refused to everybody. Paths of no method pass: they have no route.
    """
    every = list(methods().values())
    open_to_all = [method for method in every if _access(method) in ("public", "authenticated")]
    policies = {
        "no-method": _policy([{"not_rule": _any_of(every)}], [{"any": True}]),
        "open": _policy([_any_of(open_to_all)], [{"any": True}]),
    }
    for permission in sorted({_permission(method) for method in every} - {""}):
        wanted = [method for method in every if _permission(method) == permission]
        holders = [_holds(permission), _holds(ADMINISTER)]
        policies[permission] = _policy([_any_of(wanted)], holders)
        by_site = [method for method in wanted if method.policy and method.policy.by_site]
        if by_site:
            policies[f"{permission} at sites"] = _policy(
                [_any_of(by_site)], [_claim(["site_permissions", permission], present_match=True)]
            )
    return {
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": f"{_EXTENSIONS}.rbac.v3.RBAC",
            "rules": {"action": "ALLOW", "policies": policies},
        },
    }


def caller_of(key: str) -> Config:
    """The rate limit action that tells callers apart by whose token they show."""
    return {
        "metadata": {
            "descriptor_key": key,
            "metadata_key": {"key": JWT, "path": [{"key": _CLAIMS}, {"key": "sub"}]},
            "source": "DYNAMIC",
        }
    }


def _access(method: Method) -> str | None:
    return method.policy.WhichOneof("access") if method.policy else None


def _permission(method: Method) -> str:
    return method.policy.permission if method.policy else ""


def _policy(permissions: list[Config], principals: list[Config]) -> Config:
    return {"permissions": permissions, "principals": principals}


def _any_of(wanted: Iterable[Method]) -> Config:
    return {
        "or_rules": {"rules": [{"url_path": {"path": {"exact": each.path}}} for each in wanted]}
    }


def _holds(permission: str) -> Config:
    value = {"list_match": {"one_of": {"string_match": {"exact": permission}}}}
    return _claim(["permissions"], **value)


def _claim(path: list[str], **value: object) -> Config:
    keys = [{"key": key} for key in (_CLAIMS, *path)]
    matcher = {"filter": JWT, "path": keys, "value": value}
    return {"sourced_metadata": {"metadata_matcher": matcher}}
