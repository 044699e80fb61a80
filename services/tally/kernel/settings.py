"""Settings that every context's server has, read from the environment.

A context subclasses what fits it (`ServerSettings`, `MessagingSettings` if it uses events, `ServiceSettings` if it
has a database too) with its own prefix, so that several contexts can share one environment (`TALLY_CAMERA_LISTEN`,
`TALLY_ANALYTICS_LISTEN`, …).
"""

from ipaddress import ip_address
from typing import Self

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings


class ServerSettings(BaseSettings):
    """What a context's server needs to know.

    Attributes:
        listen: Address to serve gRPC on, as `host:port`; port 0 takes a free one.
        metrics_listen: Address to serve Prometheus metrics on, as `host:port`; absent, none are served.
        development_access: Grant every caller all permissions. For one machine without identities; refused
            unless the server listens on loopback.
        shutdown_grace_s: Seconds that running calls get to end when the server stops.
        max_concurrent_calls: Calls served at once; further ones are refused with RESOURCE_EXHAUSTED.
    """

    listen: str
    metrics_listen: str | None = None
    development_access: bool = False
    shutdown_grace_s: float = 5.0
    max_concurrent_calls: int = 1000

    @model_validator(mode="after")
    def _development_access_stays_on_loopback(self) -> Self:
        if self.development_access and not is_loopback(self.listen):
            raise ValueError(
                f"development_access grants every caller everything, and {self.listen} can be reached from "
                "other machines: listen on 127.0.0.1, or switch development_access off"
            )
        return self


class MessagingSettings(ServerSettings):
    """What the server of a context that uses events needs to know.

    Attributes:
        nats_url: NATS URL with the context's own user and password.
    """

    nats_url: SecretStr


class ServiceSettings(MessagingSettings):
    """What the server of a context with events and a database needs to know.

    Attributes:
        database_url: SQLAlchemy URL of the context's own database (`postgresql+asyncpg://…`).
    """

    database_url: SecretStr


def is_loopback(address: str) -> bool:
    """Whether `address` (`host:port`) can be reached from this machine only."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
