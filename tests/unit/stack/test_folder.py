"""The data folder remembers ports and secrets, keeps them to its owner, and serves one stack at a time."""

import socket
from pathlib import Path

import pytest

from tally.stack.errors import StackError
from tally.stack.folder import DataFolder, free_ports


def test_two_stacks_cannot_share_a_folder(tmp_path: Path) -> None:
    with (
        DataFolder(tmp_path).lock(),
        pytest.raises(StackError, match="another stack") as caught,
        DataFolder(tmp_path).lock(),
    ):
        pass
    assert "--data" in caught.value.mend


def test_a_folder_is_free_again_after_its_stack(tmp_path: Path) -> None:
    for _ in range(2):
        with DataFolder(tmp_path).lock():
            pass


def test_only_the_owner_may_look_inside(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.secret("nats/stack")
    assert folder.root.stat().st_mode & 0o777 == 0o700
    assert folder.logs.stat().st_mode & 0o777 == 0o700
    assert (folder.root / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_ports_and_secrets_last(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    port, secret = folder.port("nats"), folder.secret("nats/stack")
    again = DataFolder(tmp_path)
    assert (again.port("nats"), again.secret("nats/stack")) == (port, secret)


def test_what_is_done_once_is_done_once_in_the_life_of_the_folder(tmp_path: Path) -> None:
    assert DataFolder(tmp_path).first_time("greeted")
    assert not DataFolder(tmp_path).first_time("greeted")
    assert DataFolder(tmp_path).first_time("thanked")


def test_a_port_that_was_taken_meanwhile_is_replaced(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    port = folder.port("nats")
    with socket.create_server(("127.0.0.1", port)):
        replacement = folder.port("nats")
    assert replacement != port
    assert folder.port("nats") == replacement


def test_names_get_different_ports_and_secrets(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    names = [f"server-{number}" for number in range(20)]
    assert len({folder.port(name) for name in names}) == 20
    assert len({folder.secret(name) for name in names}) == 20


def test_free_ports_differ_and_are_never_those_of_outgoing_connections() -> None:
    ports = free_ports(20)
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert len(set(ports)) == 20
    assert max(ports) < first_outgoing
