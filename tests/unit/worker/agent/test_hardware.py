"""What a worker runs on."""

import os
from pathlib import Path

import pytest

from tally.worker.agent.hardware import hardware


def on_the_path(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_graphics_processors_are_those_that_the_driver_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_path(tmp_path, "echo 'NVIDIA L4'; echo 'NVIDIA L4'", monkeypatch)
    assert list(hardware().gpus) == ["NVIDIA L4", "NVIDIA L4"]
    assert hardware().cores == len(os.sched_getaffinity(0))


def test_a_driver_that_does_not_answer_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_path(tmp_path, "echo 'no devices were found'; exit 6", monkeypatch)
    assert list(hardware().gpus) == []
