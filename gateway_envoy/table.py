"""The listener and cluster table, read from `gateway.yaml`."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

TABLE = Path(__file__).with_name("gateway.yaml")


class Context(BaseModel):
    """Where a context is and how much it may be asked.

    Attributes:
        address: `host:port` of its gRPC server.
        max_requests: Calls in flight beyond which the gateway refuses further ones with 503.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    max_requests: int


class Gateway(BaseModel):
    """What the contracts do not say.

    Attributes:
        listen: Where clients connect, as `host:port`.
        admin: Where Envoy's admin interface listens; loopback only.
        contracts: Path of the descriptor image, for the JSON transcoder.
        cors_origins: Origins whose pages may call.
        contexts: The contexts, by name.
        otlp: `host:port` of an OpenTelemetry collector (gRPC); None traces nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: str
    admin: str
    contracts: str
    cors_origins: list[str]
    contexts: dict[str, Context]
    otlp: str | None = None


def load_table() -> Gateway:
    """The committed table."""
    return Gateway.model_validate(yaml.safe_load(TABLE.read_text()))
