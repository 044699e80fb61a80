"""Settings of the realtime server."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tally.kernel.bus.tail import BATCH
from tally.kernel.settings import MessagingSettings


class RealtimeSettings(MessagingSettings):
    """What the realtime server needs to know, from `TALLY_REALTIME_…`.

    Attributes:
        heartbeat_s: Seconds of silence after which a subscriber gets a sign of life.
        max_subscribers: Subscribers served at once.
        queue_capacity: Events that a subscriber may lag behind before it is sent away; more than the bus
            hands over at once.
    """

    model_config = SettingsConfigDict(env_prefix="TALLY_REALTIME_")

    listen: str = "127.0.0.1:8004"
    heartbeat_s: float = 10.0
    max_subscribers: int = 500
    queue_capacity: int = Field(default=1000, gt=BATCH)
