"""Commands as typed, at an auth server that runs as a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from tally.cli.main import app
from tally.kernel.grpc.client import connect
from tally.stack.folder import free_port
from tally.stack.nats import NatsServer
from tally.stack.postgres import PostgresServer
from tests.conftest import Background
from tests.passwords import GIVEN, choose_password

ADMIN = "admin@localhost"
ADMINS_PASSWORD = "seven blue herons"
PASSWORD = "nine green lanterns"
START_S = 60

Tally = Callable[..., Result]


@pytest.fixture(scope="module")
def gateway(
    background: Background,
    postgres: PostgresServer,
    nats_server: NatsServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """URL of an auth server with a first administrator."""
    database = f"test_{uuid4().hex[:12]}"
    address = f"127.0.0.1:{free_port()}"
    settings = {
        "TALLY_AUTH_LISTEN": address,
        "TALLY_AUTH_DATABASE_URL": background.run(postgres.ensure_database(database)),
        "TALLY_AUTH_NATS_URL": nats_server.url("stack"),
        "TALLY_AUTH_SECRET": "x" * 32,
        "TALLY_AUTH_FIRST_ADMIN_EMAIL": ADMIN,
        "TALLY_AUTH_FIRST_ADMIN_PASSWORD": GIVEN,
        "TALLY_AUTH_SHUTDOWN_GRACE_S": "0.2",
    }
    log = tmp_path_factory.mktemp("auth") / "auth.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tally.auth"],
            env=os.environ | settings,
            stdout=output,
            stderr=output,
        )
    try:
        _await_answer(process, address, log)
        background.run(_choose(address, ADMIN, ADMINS_PASSWORD))
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=30)
        background.run(postgres.drop_database(database))


async def _choose(address: str, email: str, own: str) -> None:
    async with connect(address) as channel:
        await choose_password(channel, email, GIVEN, own)


def _await_answer(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    host, _, port = address.partition(":")
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection((host, int(port))).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the auth server does not start:\n{log.read_text()}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where configuration is kept."""
    return tmp_path / "config"


@pytest.fixture
def environment(gateway: str, home: Path) -> dict[str, str | None]:
    """What commands find in the environment."""
    return {
        "XDG_CONFIG_HOME": str(home),
        "TALLY_GATEWAY": gateway,
        "TALLY_API_KEY": None,
        "TALLY_CA": None,
        "COLUMNS": "200",
    }


@pytest.fixture
def tally(environment: dict[str, str | None]) -> Tally:
    """Runs a command: `tally("login", "--email", …, input=…)`."""

    def run(*arguments: str, **options: str) -> Result:
        return CliRunner(env=environment).invoke(app, arguments, **options)  # type: ignore[arg-type]  # input is all

    return run


@pytest.fixture
def administrator(tally: Tally) -> None:
    """Logged in as the first administrator."""
    done = tally("login", "--email", ADMIN, "--password-stdin", input=f"{ADMINS_PASSWORD}\n")
    assert done.exit_code == 0, done.output


@pytest.fixture
def given(tally: Tally, administrator: None) -> Callable[..., str]:
    """Creates a user with some roles and the password `GIVEN`, and returns the address."""

    def create(*roles: str) -> str:
        email = f"{uuid4().hex[:12]}@example.org"
        options = [part for role in roles for part in ("--role", role)]
        command = ["users", "create", email, *options, "--password-stdin"]
        done = tally(*command, input=f"{GIVEN}\n")
        assert done.exit_code == 0, done.output
        return email

    return create


@pytest.fixture
def created(given: Callable[..., str], background: Background, gateway: str) -> Callable[..., str]:
    """Creates a user with some roles, who has chosen the password `PASSWORD`, and returns the address."""

    def create(*roles: str) -> str:
        email = given(*roles)
        background.run(_choose(gateway.removeprefix("http://"), email, PASSWORD))
        return email

    return create
