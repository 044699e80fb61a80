"""Which run a reading of a source belongs to, and which recordings have been read to their end."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tally.kernel.ids import derived_id, new_id
from tally.worker.agent.task import CameraTask


def run_id(task: CameraTask, *, live: bool) -> str:
    """The run's id: fresh for a live stream, the same for each reading of the same recording.

    The same recording: the same camera, configuration and activation, and, for a file, the same content as
    far as its size and time of change tell.
    """
    if live:
        return new_id()
    return derived_id(
        task.camera_id,
        task.config_version,
        task.activate_time.isoformat(),
        task.uri,
        *_identity(task.uri),
    )


def _identity(uri: str) -> tuple[int, ...]:
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return ()
    status = Path(unquote(parts.path)).stat()
    return status.st_size, status.st_mtime_ns


class EndedRecordings:
    """Remembers on disk, for each camera, the recording that has been read to its end.

    Args:
        folder: Where to remember; created if missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def add(self, camera_id: str, run: str) -> None:
        """The run has been read to its end, and its records are on disk."""
        file = self._folder / camera_id
        new = file.with_suffix(".new")
        new.write_text(run)
        os.replace(new, file)

    def includes(self, camera_id: str, run: str) -> bool:
        """Whether the camera's run has been read to its end."""
        try:
            return (self._folder / camera_id).read_text() == run
        except FileNotFoundError:
            return False
