"""Settings of the pool's server, from `TALLY_WORKER_…`."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tally.kernel.settings import ServiceSettings


class WorkerSettings(ServiceSettings):
    """What `ServiceSettings` says, with the pool's port.

    Attributes:
        lease: How long a worker may be silent before its cameras go to others.
        target_utilisation: Part of the workers' capacity that should be used; the rest is room for the cameras of a
            worker that is lost.
    """

    model_config = SettingsConfigDict(env_prefix="TALLY_WORKER_")

    listen: str = "127.0.0.1:8003"
    lease: timedelta = timedelta(seconds=9)
    target_utilisation: float = Field(default=0.8, gt=0, le=1)
