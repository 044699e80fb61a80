"""Opens the credentials that come with a task or a request, at the last moment."""

from tally.api.camera.v1 import stream_pb2
from tally.kernel.sealing import KeyRing, NoKey, Unsealable
from tally.kernel.stream_address import credentials_purpose
from tally.worker.agent.sources import Credentials, SourceError, SourceErrorReason


def open_credentials(keys: KeyRing, sealed: bytes, sealed_for: str, uri: str) -> Credentials | None:
    """What a stream asks for; None if nothing is known.

    Args:
        keys: The keys.
        sealed: The credentials, encrypted.
        sealed_for: The camera's id, or that of whatever else they were sealed for.
        uri: The stream, whose scheme, host and port they were sealed for.

    Raises:
        SourceError: The keys do not open the credentials.
    """
    if not sealed:
        return None
    try:
        opened = keys.open(sealed, credentials_purpose(sealed_for, uri))
    except NoKey as error:
        raise _unopened(f"{error}; add it to TALLY_AGENT_STREAM_KEYS") from None
    except Unsealable:
        raise _unopened("they are not this camera's; set them again") from None
    message = stream_pb2.StreamCredentials.FromString(opened)
    return Credentials(message.username, message.password)


def _unopened(why: str) -> SourceError:
    return SourceError(
        SourceErrorReason.UNAUTHORIZED, f"the camera's credentials cannot be decrypted: {why}"
    )
