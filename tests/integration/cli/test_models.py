"""`tally models` as typed."""

import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tally.cli.main import app
from tests.networks import tiny_network


def models(data: Path, *arguments: object) -> Result:
    command = ["models", *map(str, arguments), "--data", str(data)]
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, command)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.onnx"
    file.write_bytes(tiny_network())
    return file


def test_what_is_added_is_listed_until_it_is_removed(network: Path, tmp_path: Path) -> None:
    before = models(tmp_path, "list").stdout
    assert "motion" in before
    assert "can be fetched: yolox-nano" in before
    added = models(tmp_path, "add", network, "--name", "yolox-custom")
    assert added.exit_code == 0, added.output
    digest = hashlib.sha256(network.read_bytes()).hexdigest()
    assert f"installed yolox-custom: 64×64, 1 classes, SHA-256 {digest}" in added.stdout
    (row,) = [line for line in models(tmp_path, "list").stdout.splitlines() if "custom" in line]
    assert digest[:16] in row
    assert models(tmp_path, "remove", "yolox-custom").exit_code == 0
    assert models(tmp_path, "list").stdout == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "missing.onnx"), "error: there is no file missing.onnx"),
        (("add", __file__), "it is not an ONNX network"),
        (("remove", "yolox-x"), "no model 'yolox-x' is installed"),
        (("fetch", "yolox-zz"), "no weights called 'yolox-zz' are published"),
    ],
)
def test_failures_are_one_clear_line_and_its_mend(
    arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    result = models(tmp_path, *arguments)
    assert result.exit_code == 1
    line, mend = [each for each in result.stderr.splitlines() if each.strip()]
    assert told in line
    assert mend.startswith("mend:  ")


def test_an_added_network_counts(network: Path, tmp_path: Path) -> None:
    assert models(tmp_path, "add", network).exit_code == 0
    command = ["count", "demo://plaza?frames=8", "--line", "0.5,0,0.5,1", "--json"]
    result = CliRunner().invoke(app, [*command, "--data", str(tmp_path)])
    assert result.exit_code == 0, result.stderr
    assert '"detector": "tiny"' in result.stdout
