"""The assignments that a worker last had, for when it starts and the pool cannot be reached."""

import os
from pathlib import Path

import structlog
from google.protobuf.message import DecodeError

from tally.api.worker.v1.worker_service_pb2 import WatchAssignmentsResponse

_log = structlog.get_logger(__name__)


class RememberedAssignments:
    """One file. It may be older than what the pool decided since: the epochs in it tell.

    Args:
        file: Where they are kept, readable for its owner alone; its folder is created if missing.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._kept: WatchAssignmentsResponse | None = None

    def keep(self, assignments: WatchAssignmentsResponse) -> None:
        """Remember these instead."""
        if assignments == self._kept:
            return
        new = self._file.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(assignments.SerializeToString())
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self._file)
        self._kept = assignments

    def recall(self) -> WatchAssignmentsResponse | None:
        """Those that were kept last; None if there are none, or a broken disk took them."""
        try:
            return WatchAssignmentsResponse.FromString(self._file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, DecodeError) as error:
            _log.error("assignments_unreadable", file=str(self._file), reason=str(error))
            return None
