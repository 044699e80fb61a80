"""Settings of the analytics server."""

from pydantic_settings import SettingsConfigDict

from tally.kernel.settings import ServiceSettings


class AnalyticsSettings(ServiceSettings):
    """What the analytics server needs to know, from `TALLY_ANALYTICS_…`."""

    model_config = SettingsConfigDict(env_prefix="TALLY_ANALYTICS_")

    listen: str = "127.0.0.1:8001"
