"""TLS at the edge, terminated with one certificate from files."""

from typing import Any

from gateway_envoy.table import Tls

Config = dict[str, Any]

_CONTEXT = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"


def transport_socket(tls: Tls) -> Config:
    """TLS 1.2 or newer, offering HTTP/2 and HTTP/1.1.

    Of TLS 1.2, the cipher suites with forward secrecy and authenticated encryption alone (RFC 9325, section 4.2).
    """
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": _CONTEXT,
            "common_tls_context": {
                "tls_params": {
                    "tls_minimum_protocol_version": "TLSv1_2",
                    "tls_maximum_protocol_version": "TLSv1_3",
                    "cipher_suites": [
                        "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]",
                        "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]",
                        "ECDHE-ECDSA-AES256-GCM-SHA384",
                        "ECDHE-RSA-AES256-GCM-SHA384",
                    ],
                },
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificates": [
                    {
                        "certificate_chain": {"filename": tls.certificate},
                        "private_key": {"filename": tls.key},
                    }
                ],
            },
        },
    }
