"""What goes wrong when servers are started, told so that it can be mended."""

from pathlib import Path

LOG_LINES = 15


class StackError(Exception):
    """A part of the stack cannot run.

    Attributes:
        mend: What the reader can do about it.
        log: The log of the part, if it got as far as writing one.
    """

    def __init__(self, message: str, *, mend: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.mend = mend
        self.log = log

    @property
    def log_tail(self) -> str:
        """The last lines of the log; empty without one."""
        if self.log is None or not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(self.log.stat().st_size - 20_000, 0))
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])
