"""A mesh gives every process its own settings and no others', and keeps clear of taken ports."""

import socket
from pathlib import Path

import pytest

from tally.stack.certificates import Certificate
from tally.stack.errors import StackError
from tally.stack.mesh import CONTEXTS, WITH_DATABASE, Mesh, MeshOptions, running


def free_mesh(folder: Path, *, compact: bool = False) -> Mesh:
    return Mesh(MeshOptions(folder, listen=None, own_ports=False, compact=compact))


def settings(mesh: Mesh, name: str) -> dict[str, str]:
    environment = mesh.part(name).process.command.environment
    return {key: value for key, value in environment.items() if key.startswith("TALLY_")}


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_context_gets_its_own_settings_alone(tmp_path: Path, context: str) -> None:
    mesh = free_mesh(tmp_path)
    given = settings(mesh, context)
    assert all(key.startswith(f"TALLY_{context.upper()}_") for key in given)
    assert (f"TALLY_{context.upper()}_DATABASE_URL" in given) == (context in WITH_DATABASE)
    secrets = {mesh.folder.secret(f"nats/{other}") for other in CONTEXTS if other != context}
    assert not any(secret in value for secret in secrets for value in given.values())


def test_settings_of_another_mesh_are_not_inherited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLY_CAMERA_DATABASE_URL", "postgresql+asyncpg://elsewhere")
    monkeypatch.setenv("TALLY_LOG_LEVEL", "debug")
    environment = free_mesh(tmp_path).part("agent").process.command.environment
    assert "TALLY_CAMERA_DATABASE_URL" not in environment
    assert environment["TALLY_LOG_LEVEL"] == "debug"


def test_a_compact_mesh_serves_all_contexts_from_one_process(tmp_path: Path) -> None:
    mesh = free_mesh(tmp_path, compact=True)
    assert [part.name for part in mesh.parts] == [
        "postgres", "nats", "triton", "contexts", "envoy", "agent",
    ]  # fmt: skip
    given = settings(mesh, "contexts")
    assert {f"TALLY_{context.upper()}_LISTEN" for context in CONTEXTS} <= given.keys()


def test_free_ports_are_all_different(tmp_path: Path) -> None:
    addresses = [part.address for part in free_mesh(tmp_path).parts]
    assert len(set(addresses)) == len(addresses)


def test_addresses_last_from_start_to_start(tmp_path: Path) -> None:
    first, second = (free_mesh(tmp_path) for _ in range(2))
    assert [part.address for part in first.parts] == [part.address for part in second.parts]


def test_a_certificate_of_ones_own_is_shown_on_all_addresses(tmp_path: Path) -> None:
    own = Certificate(tmp_path / "chain.pem", tmp_path / "key.pem")
    mesh = Mesh(MeshOptions(tmp_path, listen=None, own_ports=False, certificate=own))
    tls = mesh.envoy.gateway.tls
    assert tls.listen.startswith("0.0.0.0:")
    assert (tls.certificate, tls.key) == (str(own.chain), str(own.key))
    assert free_mesh(tmp_path).envoy.gateway.tls.listen.startswith("127.0.0.1:")


async def test_a_taken_port_is_named_with_the_mend(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        options = MeshOptions(tmp_path, listen=f"127.0.0.1:{port}", own_ports=False)
        with pytest.raises(StackError, match=f"port {port}, meant for gateway, is taken") as caught:
            async with running(options):
                pass
    assert "--port" in caught.value.mend
