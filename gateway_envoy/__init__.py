"""The gateway: an Envoy configuration generated from the contracts and one small table."""

from gateway_envoy.render import render
from gateway_envoy.table import Gateway, Tls, load_table

__all__ = ["Gateway", "Tls", "load_table", "render"]
