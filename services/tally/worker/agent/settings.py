"""Settings of the camera worker, from `TALLY_AGENT_…`."""

import socket
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from tally.kernel.settings import MessagingSettings, StreamSettings


class AgentSettings(MessagingSettings, StreamSettings):
    """What the camera worker needs to know, beside what every server does. It serves its health alone.

    It shows its key to the auth context at `auth_address`, or, without one, at `pool_address`.

    Attributes:
        api_key: A service account's key with the scope `worker:run`.
        name: What the pool calls it; a worker that comes back under its name gets its cameras back.
        capacity: How many cameras it takes at once.
        sites: Ids of the sites whose cameras it takes, as a JSON list; empty: all.
        camera_labels: Labels that a camera must have for it to take it, as a JSON object.
        pool_address: `host:port` of the gateway or of the pool itself.
        triton_address: `host:port` of Triton's gRPC service.
        recordings: Files that `file://` cameras may read, and folders all of whose files they may, as a JSON list.
        nats_domain: JetStream domain of the centre, if `nats_url` is that of a leaf node.
        spool: Folder for records that are not sent yet; each worker has its own.
        spool_bytes: How much the spool may hold. A camera fills about 1 kB a second.
    """

    model_config = SettingsConfigDict(env_prefix="TALLY_AGENT_")

    listen: str = "127.0.0.1:0"
    api_key: SecretStr
    name: str = Field(default_factory=socket.gethostname)
    capacity: int = 16
    sites: list[str] = Field(default_factory=list)
    camera_labels: dict[str, str] = Field(default_factory=dict)
    pool_address: str = "127.0.0.1:8080"
    triton_address: str
    nats_domain: str = ""
    recordings: list[Path] = Field(default_factory=list)
    spool: Path
    spool_bytes: int = 2**30
