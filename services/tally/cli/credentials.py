"""The sessions that `tally login` keeps: one file, its owner's alone, shared by commands that run at once."""

import asyncio
import fcntl
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from tally.cli.failing import CommandError, warn

_MODE = 0o600
_OTHERS = 0o077


class Session(BaseModel):
    """Who is logged in at one gateway.

    Attributes:
        email: The user's address.
        access_token: The present access token.
        access_token_ends: When it ends.
        refresh_token: Gets the next tokens, once.
        ca: PEM file of the authorities that the gateway's certificate is checked against; None: the system's.
    """

    model_config = ConfigDict(frozen=True)

    email: str
    access_token: str
    access_token_ends: AwareDatetime
    refresh_token: str
    ca: Path | None = None

    def holds(self, moment: datetime) -> bool:
        """Whether the access token can still be shown at `moment`."""
        return moment < self.access_token_ends


_Sessions = TypeAdapter(dict[str, Session])


class CredentialsFile:
    """Sessions by the URL of their gateway.

    Readers see the file before a change or after it. Whoever changes it keeps others from changing it meanwhile.

    Attributes:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def session(self, gateway: str) -> Session | None:
        """The session at this gateway; None if there is none.

        Raises:
            CommandError: The file holds something else.
        """
        return self._read().get(gateway)

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[dict[str, Session]]:
        """All sessions, to be changed in place; they are stored at the end of the block unless it fails.

        Raises:
            CommandError: The file holds something else.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            sessions = self._read()
            yield sessions
            self._write(sessions)

    def _read(self) -> dict[str, Session]:
        try:
            with self.path.open() as file:
                self._protect(file.fileno())
                return _Sessions.validate_json(file.read())
        except FileNotFoundError:
            return {}
        except ValidationError as error:
            raise CommandError(
                f"{self.path} does not hold what `tally login` stores",
                mend="delete it, then log in again",
            ) from error

    def _protect(self, descriptor: int) -> None:
        if os.fstat(descriptor).st_mode & _OTHERS:
            os.fchmod(descriptor, _MODE)
            warn(
                f"{self.path} was open to other users of this machine; it is yours alone again",
                mend="if one of them may have read it: `tally logout`, then `tally login`",
            )

    def _write(self, sessions: dict[str, Session]) -> None:
        """Replace the file at once; `mkstemp` opens the new one for its owner alone."""
        descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".credentials-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_Sessions.dump_json(sessions, indent=1))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def stored_sessions() -> CredentialsFile:
    """The caller's file, by the XDG Base Directory Specification, which has relative paths ignored."""
    configured = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    folder = configured if configured.is_absolute() else Path.home() / ".config"
    return CredentialsFile(folder / "tally" / "credentials.json")
