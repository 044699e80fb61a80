"""The gateway: an Envoy configuration generated from the contracts and one small table."""

from gateway_envoy.render import render
from gateway_envoy.table import Gateway, load_table

__all__ = ["Gateway", "load_table", "render"]
