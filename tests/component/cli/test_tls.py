"""Gateways behind TLS."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from typer.testing import CliRunner, Result

from tally.cli.main import app
from tally.stack.certificates import authority_file, development_certificate
from tally.stack.folder import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


@pytest.fixture
def gateway(folder: DataFolder) -> Iterator[str]:
    """URL of a server that shows a development certificate and serves no method."""
    certificate = development_certificate(folder)
    pair = (certificate.key.read_bytes(), certificate.chain.read_bytes())
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    server.start()
    yield f"https://127.0.0.1:{port}"
    server.stop(None).wait()


def login(gateway: str, home: Path, *options: str) -> Result:
    environment = {"XDG_CONFIG_HOME": str(home), "TALLY_API_KEY": None, "TALLY_CA": None}
    command = ["login", "--gateway", gateway, "--email", "ana@example.org", "--password-stdin"]
    return CliRunner(env=environment).invoke(app, [*command, *options], input="password\n")


def test_a_certificate_of_nobody_known_is_refused_with_the_mend(
    gateway: str, tmp_path: Path
) -> None:
    done = login(gateway, tmp_path)
    assert done.exit_code == 1
    error, mend = done.stderr.splitlines()
    assert error == f"error: the certificate of {gateway} is not trusted"
    assert "--ca FILE" in mend


def test_one_of_the_given_authority_is_taken(
    gateway: str, folder: DataFolder, tmp_path: Path
) -> None:
    done = login(gateway, tmp_path, "--ca", str(authority_file(folder)))
    assert done.stderr == "error: Method not found!\n"


def test_an_authority_that_is_not_there_is_told(gateway: str, tmp_path: Path) -> None:
    done = login(gateway, tmp_path, "--ca", str(tmp_path / "none.pem"))
    assert done.exit_code == 1
    assert "none.pem" in done.stderr
    assert "Traceback" not in done.output


def test_clear_text_to_a_port_that_speaks_tls_is_told_in_a_line(
    gateway: str, tmp_path: Path
) -> None:
    done = login(gateway.replace("https", "http"), tmp_path)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert "https" in done.stderr
