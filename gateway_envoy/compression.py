"""Compresses answers of some size. Streams and gRPC pass as they are: compressors would hold their messages back."""

from typing import Any

Config = dict[str, Any]

_COMPRESSOR = "type.googleapis.com/envoy.extensions.filters.http.compressor.v3"
_LIBRARIES = "type.googleapis.com/envoy.extensions.compression"

_LIBRARY_CONFIGS: dict[str, Config] = {
    "brotli": {"@type": f"{_LIBRARIES}.brotli.compressor.v3.Brotli", "quality": 4},
    "gzip": {
        "@type": f"{_LIBRARIES}.gzip.compressor.v3.Gzip",
        "compression_level": "COMPRESSION_LEVEL_4",
    },
}
"""Each at the level from which on it costs more time than it saves on JSON."""


def compressors() -> list[Config]:
    """The filters; clients choose by `accept-encoding`, and get Brotli if they take both."""
    return [
        {
            "name": _name(library),
            "typed_config": {
                "@type": f"{_COMPRESSOR}.Compressor",
                "response_direction_config": {
                    "common_config": {"min_content_length": 1024},
                    "uncompressible_response_codes": [304],
                },
                "choose_first": library == "brotli",
                "compressor_library": {"name": library, "typed_config": config},
            },
        }
        for library, config in _LIBRARY_CONFIGS.items()
    ]


def uncompressed() -> Config:
    """For a route whose answers must not wait in a compressor."""
    kind = f"{_COMPRESSOR}.CompressorPerRoute"
    return {_name(library): {"@type": kind, "disabled": True} for library in _LIBRARY_CONFIGS}


def _name(library: str) -> str:
    return f"envoy.filters.http.compressor.{library}"
