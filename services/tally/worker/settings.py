"""Settings of the pool's server, from `TALLY_WORKER_…`."""

from datetime import timedelta

from pydantic_settings import SettingsConfigDict

from tally.kernel.settings import ServiceSettings


class WorkerSettings(ServiceSettings):
    """What `ServiceSettings` says, with the pool's port.

    Attributes:
        lease: How long a worker may be silent before its cameras go to others.
    """

    model_config = SettingsConfigDict(env_prefix="TALLY_WORKER_")

    listen: str = "127.0.0.1:8003"
    lease: timedelta = timedelta(seconds=9)
