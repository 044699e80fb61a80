"""Headers that every answer carries."""

from typing import Any

Config = dict[str, Any]

HSTS = {"strict-transport-security": "max-age=31536000"}
"""Tells browsers to come back over TLS alone for a year (RFC 6797). Without `includeSubDomains`: the gateway speaks for
its own name, not for its neighbours'."""

SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
"""Right for data: it is shown by no browser, framed by no page, and kept by nobody."""


def answers_carry(headers: dict[str, str]) -> Config:
    """The filter that adds `headers` to each answer that does not set them itself, Envoy's own refusals included."""
    return {
        "name": "envoy.filters.http.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {
                "response_mutations": [
                    {"remove": "x-envoy-upstream-healthchecked-cluster"},
                    *(
                        {
                            "append": {
                                "header": {"key": name, "value": value},
                                "append_action": "ADD_IF_ABSENT",
                            }
                        }
                        for name, value in headers.items()
                    ),
                ]
            },
        },
    }
