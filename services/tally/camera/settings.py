"""Settings of the camera context's server, from `TALLY_CAMERA_…`."""

from pydantic_settings import SettingsConfigDict

from tally.kernel.settings import ServiceSettings, StreamSettings


class CameraSettings(ServiceSettings, StreamSettings):
    """What `ServiceSettings` and `StreamSettings` say, with the camera context's port."""

    model_config = SettingsConfigDict(env_prefix="TALLY_CAMERA_")

    listen: str = "127.0.0.1:8000"
