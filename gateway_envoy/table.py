"""The listener and cluster table, read from `gateway.yaml`."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict

TABLE = Path(__file__).with_name("gateway.yaml")


def _loopback(address: str) -> str:
    host = address.rpartition(":")[0].strip("[]")
    if not ip_address(host).is_loopback:
        raise ValueError(f"{address} speaks in clear, so it may listen on loopback only; use tls")
    return address


Loopback = Annotated[str, AfterValidator(_loopback)]
"""`host:port` that this machine alone can reach."""


class Context(BaseModel):
    """Where a context is and how much it may be asked.

    Attributes:
        address: `host:port` of its gRPC server.
        max_requests: Calls in flight beyond which the gateway refuses further ones with 503.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    max_requests: int


class Tls(BaseModel):
    """Where the gateway speaks TLS, and as whom.

    Attributes:
        listen: Where clients connect, as `host:port`.
        certificate: Path of the certificate chain, PEM.
        key: Path of its private key, PEM.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: str
    certificate: str
    key: str


class Limit(BaseModel):
    """How often one caller may call.

    Attributes:
        calls: Calls allowed each `seconds`.
        seconds: The time after which all of them are allowed again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int
    seconds: float


class Gateway(BaseModel):
    """What the contracts do not say.

    Attributes:
        listen: Where this machine's clients connect in clear, as `host:port`; loopback only.
        tls: Where all others connect.
        admin: Where Envoy's admin interface listens; loopback only.
        contracts: Path of the descriptor image, for the JSON transcoder.
        cors_origins: Origins whose pages may call.
        contexts: The contexts, by name.
        common_limit: How often one caller may call whatever has no limit in its contract.
        otlp: `host:port` of an OpenTelemetry collector (gRPC); None traces nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: Loopback
    tls: Tls
    admin: Loopback
    contracts: str
    cors_origins: list[str]
    contexts: dict[str, Context]
    common_limit: Limit
    otlp: str | None = None

    def changed(self, **changes: object) -> Self:
        """A copy with other values for some attributes, checked as the table itself is."""
        return self.model_validate({**self.model_dump(), **changes})


def load_table() -> Gateway:
    """The committed table."""
    return Gateway.model_validate(yaml.safe_load(TABLE.read_text()))
