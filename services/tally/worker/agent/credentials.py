"""Opens the credentials that come with a task, at the last moment."""

from tally.api.camera.v1 import stream_pb2
from tally.kernel.sealing import KeyRing, NoKey, Unsealable
from tally.kernel.stream_address import credentials_purpose
from tally.worker.agent.sources import Credentials, SourceError, SourceErrorReason
from tally.worker.agent.task import CameraTask


def credentials_of(task: CameraTask, keys: KeyRing) -> Credentials | None:
    """What the camera asks for; None if nothing is known.

    Raises:
        SourceError: The keys do not open the credentials.
    """
    if not task.sealed_credentials:
        return None
    try:
        opened = keys.open(task.sealed_credentials, credentials_purpose(task.camera_id, task.uri))
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
