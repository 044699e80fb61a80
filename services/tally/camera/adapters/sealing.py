"""Credentials, sealed for workers."""

from tally.api.camera.v1 import stream_pb2
from tally.camera.domain.credentials import Credentials
from tally.camera.domain.errors import StreamKeysMissing
from tally.kernel.sealing import KeyRing, NoKey
from tally.kernel.stream_address import credentials_purpose


class KeyRingSealer:
    """Seals with the keys that workers have too.

    Args:
        keys: The first one seals.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def seal(self, camera_id: str, uri: str, credentials: Credentials) -> bytes:
        """The credentials for this camera at this URI's host, encrypted; empty for nobody's."""
        if not credentials:
            return b""
        message = stream_pb2.StreamCredentials(
            username=credentials.username, password=credentials.password
        )
        try:
            return self._keys.seal(message.SerializeToString(), credentials_purpose(camera_id, uri))
        except NoKey:
            raise StreamKeysMissing from None

    def reseal(self, camera_id: str, uri: str, sealed: bytes) -> bytes:
        """The same credentials under the key that seals now."""
        return self._keys.reseal(sealed, credentials_purpose(camera_id, uri))
