"""Settings of the notification server."""

from pydantic_settings import SettingsConfigDict

from tally.kernel.settings import ServiceSettings


class NotificationSettings(ServiceSettings):
    """What the notification server needs to know, from `TALLY_NOTIFICATION_…`."""

    model_config = SettingsConfigDict(env_prefix="TALLY_NOTIFICATION_")

    listen: str = "127.0.0.1:8002"
