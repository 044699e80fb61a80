"""Protection at the edge, as Envoy's guide to edge proxies lists it: limits, timeouts, and what is stripped."""

from typing import Any

Config = dict[str, Any]

MAX_BODY_BYTES = 4 * 1024 * 1024
"""As much as contexts' servers take in one message."""

MAX_ANSWER_BYTES = 4 * MAX_BODY_BYTES
"""What a message of that size may become as JSON. The transcoder holds an answer until it has it all, streams apart."""

BUFFER_BYTES = 32 * 1024
"""What one connection may have waiting on either side of the gateway before its sender is made to wait."""

HTTP2_WINDOWS = {"initial_stream_window_size": 65536, "initial_connection_window_size": 1048576}

STREAM_IDLE_S = 60
"""Streams send heartbeats every ten seconds; one that is silent for this long is dead."""

HEADERS_S = 10
BODY_S = 30
"""What a client gets to send the headers of a request, and then the body of a REST request."""

CONNECTION_S = 3600
"""An older connection takes no new requests; those that run on it, streams included, go on to their end."""

MAX_HEAP_BYTES = 512 * 1024 * 1024
MAX_CONNECTIONS = 2000

_HEAP = "envoy.resource_monitors.fixed_heap"
_CONNECTIONS = "envoy.resource_monitors.global_downstream_max_connections"
_MONITORS = "type.googleapis.com/envoy.extensions.resource_monitors"

_EARLY = "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
_SPOKEN_FOR_OTHERS = ("x-tally-", "x-forwarded-", "x-auth-request-", "x-remote-", "x-real-ip")
"""Prefixes of headers by which proxies tell services who calls. From outside they can only be lies."""


def connection_limits() -> Config:
    """What the HTTP connection manager lets clients do, and for how long.

    There is no limit on the time for a whole request here, as that would end streams of requests. Routes have it:
    REST's for the body, those of methods for the whole call.
    """
    return {
        "use_remote_address": True,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "early_header_mutation_extensions": [_without_claims()],
        "server_header_transformation": "PASS_THROUGH",
        "always_set_request_id_in_response": True,
        "max_request_headers_kb": 32,
        "request_headers_timeout": f"{HEADERS_S}s",
        "stream_idle_timeout": f"{STREAM_IDLE_S}s",
        "delayed_close_timeout": "1s",
        "common_http_protocol_options": {
            "headers_with_underscores_action": "REJECT_REQUEST",
            "max_headers_count": 64,
            "idle_timeout": "300s",
            "max_connection_duration": f"{CONNECTION_S}s",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            **HTTP2_WINDOWS,
            "max_outbound_frames": 2000,
            "max_outbound_control_frames": 200,
            "max_consecutive_inbound_frames_with_empty_payload": 1,
            "max_inbound_priority_frames_per_stream": 20,
            "max_inbound_window_update_frames_per_data_frame_sent": 10,
            "connection_keepalive": {"interval": "60s", "timeout": "20s"},
        },
    }


def whole_bodies() -> Config:
    """Has the bodies of a route collected, up to the limit, before anybody behind the gateway is bothered with them."""
    return _buffering(buffer={"max_request_bytes": MAX_BODY_BYTES})


def bodies_as_they_come() -> Config:
    """Passes bodies on piece by piece, as streams need it; gRPC servers limit each message themselves."""
    return _buffering(disabled=True)


def _buffering(**how: object) -> Config:
    kind = "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.BufferPerRoute"
    return {"envoy.filters.http.buffer": {"@type": kind, **how}}


def overload_manager() -> Config:
    """Sheds load before memory or connections run out: what is there already is served first."""
    return {
        "refresh_interval": "0.25s",
        "buffer_factory_config": {"minimum_account_to_track_power_of_two": 20},
        "resource_monitors": [
            {
                "name": _HEAP,
                "typed_config": {
                    "@type": f"{_MONITORS}.fixed_heap.v3.FixedHeapConfig",
                    "max_heap_size_bytes": MAX_HEAP_BYTES,
                },
            },
            {
                "name": _CONNECTIONS,
                "typed_config": {
                    "@type": f"{_MONITORS}.downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": MAX_CONNECTIONS,
                },
            },
        ],
        "actions": [
            _when_heap("envoy.overload_actions.shrink_heap", 0.80),
            {
                "name": "envoy.overload_actions.reset_high_memory_stream",
                "triggers": [
                    {
                        "name": _HEAP,
                        "scaled": {"scaling_threshold": 0.85, "saturation_threshold": 0.95},
                    }
                ],
            },
            _when_heap("envoy.overload_actions.disable_http_keepalive", 0.90),
            _when_heap("envoy.overload_actions.stop_accepting_requests", 0.95),
        ],
        "loadshed_points": [
            _when_heap("envoy.load_shed_points.tcp_listener_accept", 0.95),
            _when_heap("envoy.load_shed_points.http2_server_go_away_on_dispatch", 0.98),
        ],
    }


def runtime() -> Config:
    """Ends connections that open streams only to reset them (CVE-2023-44487), and takes turns between connections."""
    return {
        "layers": [
            {
                "name": "edge",
                "static_layer": {
                    "overload.premature_reset_total_stream_count": 100,
                    "overload.premature_reset_min_stream_lifetime_seconds": 1,
                    "http.max_requests_per_io_cycle": 10,
                },
            }
        ]
    }


def _without_claims() -> Config:
    return {
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": _EARLY,
            "mutations": [
                {"remove_on_match": {"key_matcher": {"prefix": prefix}}}
                for prefix in _SPOKEN_FOR_OTHERS
            ],
        },
    }


def _when_heap(name: str, full: float) -> Config:
    return {"name": name, "triggers": [{"name": _HEAP, "threshold": {"value": full}}]}
