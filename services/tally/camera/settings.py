"""Settings of the camera context's server, from `TALLY_CAMERA_…`."""

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from tally.kernel.settings import ServiceSettings, StreamSettings


class CameraSettings(ServiceSettings, StreamSettings):
    """What `ServiceSettings` and `StreamSettings` say, and how people are told.

    Attributes:
        notification_address: Where the notification context is, as `host:port`.
        api_key: The key of a service account that may send notifications (`camera:write`).
    """

    model_config = SettingsConfigDict(env_prefix="TALLY_CAMERA_")

    listen: str = "127.0.0.1:8000"
    notification_address: str = "127.0.0.1:8002"
    api_key: SecretStr = SecretStr("")
