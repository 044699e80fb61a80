"""The stack's servers start, come back after a kill with what they stored, and say what is wrong."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import asyncpg
import nats
import pytest
from nats.js.errors import NotFoundError

from tally.stack.errors import StackError
from tally.stack.folder import DataFolder, free_ports
from tally.stack.nats import NatsServer
from tally.stack.postgres import PostgresServer
from tally.stack.process import Command, ServerProcess


class Server(Protocol):
    """What the servers have in common."""

    process: ServerProcess

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    await server.start()
    try:
        yield
    finally:
        await server.stop()


async def kill_and_await_return(process: ServerProcess) -> None:
    victim = process.pid
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    async with asyncio.timeout(30):
        while process.state != "serving" or process.pid in (None, victim):
            await asyncio.sleep(0.05)


def plain_dsn(url: str) -> str:
    return url.replace("+asyncpg", "")


async def test_postgres_keeps_what_was_committed_when_it_is_killed(tmp_path: Path) -> None:
    server = PostgresServer(DataFolder(tmp_path))
    async with running(server):
        url = plain_dsn(await server.ensure_database("shop"))
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE kept (id int)")
        await connection.execute("INSERT INTO kept VALUES (7)")
        await kill_and_await_return(server.process)
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT id FROM kept") == 7
        await connection.close()


async def test_postgres_starts_again_on_the_same_folder_and_port(tmp_path: Path) -> None:
    first = PostgresServer(DataFolder(tmp_path))
    async with running(first):
        url = await first.ensure_database("shop")
    second = PostgresServer(DataFolder(tmp_path))
    async with running(second):
        assert await second.ensure_database("shop") == url


async def test_a_role_cannot_enter_another_contexts_database(postgres: PostgresServer) -> None:
    await postgres.ensure_database("ours")
    await postgres.ensure_database("theirs")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(plain_dsn(postgres.url("theirs", role="ours")))


async def test_nats_keeps_what_was_acknowledged_when_it_is_killed(tmp_path: Path) -> None:
    server = NatsServer(DataFolder(tmp_path))
    async with running(server):
        client = await nats.connect(server.url("stack"))
        context = client.jetstream()
        await context.add_stream(name="KEPT", subjects=["kept"])
        await context.publish("kept", b"7")
        await client.close()
        await kill_and_await_return(server.process)
        client = await nats.connect(server.url("stack"))
        message = await client.jetstream().get_last_msg("KEPT", "kept")
        assert message.data == b"7"
        await client.close()


async def test_a_nats_user_cannot_publish_other_contexts_events(nats_server: NatsServer) -> None:
    errors: list[Exception] = []

    async def note(error: Exception) -> None:
        errors.append(error)

    client = await nats.connect(nats_server.url("analytics"), error_cb=note)
    await client.publish("tally.counting.v1.forged", b"")
    await client.flush()
    async with asyncio.timeout(5):
        while not errors:
            await asyncio.sleep(0.01)
    assert "permissions violation" in str(errors[0]).lower()
    with pytest.raises(NotFoundError):
        await client.jetstream().stream_info("NOT_THERE")
    await client.close()


def process(folder: Path, *arguments: str) -> ServerProcess:
    async def never() -> bool:
        return False

    return ServerProcess(
        "helper",
        Command([sys.executable, "-c", *arguments], {}),
        folder / "helper.log",
        never,
        mend="do better",
        start_timeout_s=0.5,
    )


async def test_a_process_that_ends_while_starting_is_told_with_its_log(tmp_path: Path) -> None:
    broken = process(tmp_path, "raise SystemExit('no such animal')")
    with pytest.raises(StackError, match="ended with status 1") as caught:
        await broken.start()
    assert caught.value.mend == "do better"
    assert "no such animal" in caught.value.log_tail


async def test_a_process_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    slow = process(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(StackError, match="not ready after"):
        await slow.start()
    assert slow.pid is None
    assert slow.state == "down"


async def test_a_missing_program_is_named(tmp_path: Path) -> None:
    missing = process(tmp_path)
    missing.command = Command(["/no/such/program"], {})
    with pytest.raises(StackError, match="/no/such/program"):
        await missing.start()


def test_two_stacks_cannot_share_a_folder(tmp_path: Path) -> None:
    with (
        DataFolder(tmp_path).lock(),
        pytest.raises(StackError, match="another stack") as caught,
        DataFolder(tmp_path).lock(),
    ):
        pass
    assert "--data" in caught.value.mend


def test_ports_and_secrets_last(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    port, secret = folder.port("nats"), folder.secret("nats/stack")
    again = DataFolder(tmp_path)
    assert (again.port("nats"), again.secret("nats/stack")) == (port, secret)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_free_ports_differ() -> None:
    assert len(set(free_ports(20))) == 20
