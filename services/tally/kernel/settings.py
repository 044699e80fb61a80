"""Settings that every context's server has, read from the environment.

A context subclasses what fits it (`ServerSettings`, `MessagingSettings` if it uses events, `ServiceSettings` if it
has a database too) with its own prefix, so that several contexts can share one environment (`TALLY_CAMERA_LISTEN`,
`TALLY_ANALYTICS_LISTEN`, …).
"""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from tally.kernel.sealing import KeyRing
from tally.kernel.stream_address import StreamNetworks


class ServerSettings(BaseSettings):
    """What a context's server needs to know.

    Attributes:
        listen: Address to serve gRPC on, as `host:port`; port 0 takes a free one.
        metrics_listen: Address to serve Prometheus metrics on, as `host:port`; absent, none are served.
        auth_address: Where the auth context is, as `host:port`: it publishes the keys that callers' tokens are verified
            with. Absent, only public methods can be called.
        shutdown_grace_s: Seconds that running calls get to end when the server stops.
        max_concurrent_calls: Calls served at once; further ones are refused with RESOURCE_EXHAUSTED.
    """

    # What does not fit may be a secret, in a log.
    model_config = SettingsConfigDict(hide_input_in_errors=True)

    listen: str
    metrics_listen: str | None = None
    auth_address: str | None = None
    shutdown_grace_s: float = 5.0
    max_concurrent_calls: int = 1000


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


class StreamSettings(BaseSettings):
    """What both the camera context and workers must know of streams.

    Attributes:
        stream_keys: The keys that seal and open cameras' credentials: `id:secret`, several with white space between
            them. Secrets have 32 random characters or more. The first key seals.
        stream_keys_file: A file with further keys, which come behind.
        stream_networks: The networks that streams may come from, as `StreamNetworks` takes them.
    """

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    stream_keys: SecretStr = SecretStr("")
    stream_keys_file: Path | None = None
    stream_networks: str = ""

    def key_ring(self) -> KeyRing:
        """The keys.

        Raises:
            KeyRingInvalid: They are not written as they should be.
            OSError: The file cannot be read.
        """
        text = self.stream_keys.get_secret_value()
        if self.stream_keys_file is not None:
            text += "\n" + self.stream_keys_file.read_text()
        return KeyRing.parse(text)

    def networks(self) -> StreamNetworks:
        """The networks.

        Raises:
            ValueError: They are not written as they should be.
        """
        return StreamNetworks(self.stream_networks)
