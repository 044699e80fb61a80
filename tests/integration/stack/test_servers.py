"""PostgreSQL, NATS and Envoy start, come back after a kill with what they stored, and keep contexts apart."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import asyncpg
import nats
import pytest

from tally.stack.envoy import EnvoyServer, private_gateway
from tally.stack.errors import StackError
from tally.stack.folder import DataFolder
from tally.stack.nats import NatsServer
from tally.stack.postgres import PostgresServer
from tally.stack.probe import first_line
from tally.stack.process import ServerProcess


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


async def test_a_cluster_whose_creation_was_cut_short_is_created_anew(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    async with running(PostgresServer(DataFolder(tmp_path))):
        assert not unfinished.exists()


async def test_a_cluster_without_its_passwords_says_so(tmp_path: Path) -> None:
    async with running(PostgresServer(DataFolder(tmp_path))):
        pass
    (tmp_path / "secrets.json").unlink()
    with pytest.raises(StackError, match="password") as caught:
        await PostgresServer(DataFolder(tmp_path)).start()
    assert "put the file" in caught.value.mend


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


async def test_a_damaged_nats_configuration_is_told_with_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tally.stack.nats.PUBLISHES", {"camera": ("tally..camera",)})
    server = NatsServer(DataFolder(tmp_path))
    with pytest.raises(StackError, match="nats ended with status 1") as caught:
        await server.start()
    assert "tally..camera" in caught.value.log_tail
    assert str(tmp_path) in caught.value.mend


async def test_envoy_listens_again_after_it_is_killed(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    server = EnvoyServer(folder, private_gateway(folder))
    async with running(server):
        await kill_and_await_return(server.process)
        answer = await first_line(
            server.gateway.listen, b"GET /healthz HTTP/1.1\r\nhost: tally\r\n\r\n"
        )
        assert answer == b"HTTP/1.1 200 OK\r\n"


async def test_envoy_refuses_a_wrong_configuration_with_its_reason(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    server = EnvoyServer(folder, private_gateway(folder, contracts="/no/such/image"))
    with pytest.raises(StackError, match="/no/such/image"):
        await server.start()
    assert server.process.pid is None


async def test_two_stacks_run_side_by_side(tmp_path: Path) -> None:
    ours, theirs = (DataFolder(tmp_path / name) for name in ("ours", "theirs"))
    async with running(NatsServer(ours)), running(NatsServer(theirs)):
        ports = [
            json.loads((folder.root / "ports.json").read_text())["nats"]
            for folder in (ours, theirs)
        ]
        assert ports[0] != ports[1]
