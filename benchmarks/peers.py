"""The environment in which the packages that we compare with run, beside our own engine."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tally.stack.models import PROJECT

_FOLDER = PROJECT / "build" / "peers"
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def peer_python() -> Path:
    """Its interpreter; the environment is made at first use, and anew when what it needs has changed."""
    python, stamp = _FOLDER / "bin" / "python", _FOLDER / "requirements.sha256"
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = Path(sys.prefix) / "bin" / "uv"
        subprocess.run(
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, _FOLDER], check=True
        )
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--python", python, "-r", _REQUIREMENTS], check=True
        )
        stamp.write_text(wanted)
    return python


def run_elsewhere(python: Path, module: str, *arguments: str | Path) -> Any:
    """What a module of this package prints as JSON when another environment's interpreter runs it."""
    output = subprocess.run(
        [str(python), "-m", f"benchmarks.{module}", *map(str, arguments)],
        cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'services'}"},
    ).stdout  # fmt: skip
    return json.loads(output)
