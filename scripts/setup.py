"""Create the two virtual environments: `.venv` (services, CLI, tests) and `.venv-triton` (Triton's own).

Runs on a bare interpreter, so it imports the standard library only. It does nothing when both
environments are up to date with their lock files.
"""

import hashlib
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAIN, TRITON = ROOT / ".venv", ROOT / ".venv-triton"
MAIN_LOCK, TRITON_LOCK = ROOT / "requirements.txt", ROOT / "triton_models" / "requirements.txt"
OLDEST = (3, 11)


def main() -> None:
    """Bring both environments up to date, or say what stands in the way."""
    _check_interpreter()
    _sync(MAIN, MAIN_LOCK, editable=True)
    _sync(TRITON, TRITON_LOCK, editable=False)


def _check_interpreter() -> None:
    if sys.version_info < OLDEST:
        sys.exit(
            f"Tally needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. "
            "Name another one with: make setup PYTHON=python3.12"
        )
    if not sysconfig.get_config_var("Py_ENABLE_SHARED"):
        sys.exit(
            f"{sys.executable} has no shared libpython, which Triton's Python backend loads. "
            "Debian's and Fedora's interpreters have one (apt install python3 libpython3.11); with pyenv, rebuild: "
            "PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install 3.12, "
            "then: make setup PYTHON=python3.12"
        )


def _sync(environment: Path, lock: Path, *, editable: bool) -> None:
    stamp = environment / "tally-setup"
    wanted = [sys.version, _fingerprint(lock, *([ROOT / "pyproject.toml"] if editable else []))]
    present = stamp.read_text().split("\0") if stamp.exists() else []
    if present == wanted:
        return
    print(f"setting up {environment.name} from {lock.relative_to(ROOT)} …", flush=True)
    _create(environment, afresh=present[:1] != wanted[:1])
    installer = _installer()
    _run(
        installer,
        "pip",
        "sync",
        "--quiet",
        "--require-hashes",
        # Servers start in half the time when nothing has to be compiled first.
        "--compile-bytecode",
        "--python",
        environment / "bin/python",
        lock,
    )
    if editable:
        _run(
            installer, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
            "--python", environment / "bin/python", "--editable", ROOT,
        )  # fmt: skip
    stamp.write_text("\0".join(wanted))


def _create(environment: Path, *, afresh: bool) -> None:
    try:
        venv.create(environment, with_pip=True, clear=afresh)
    except subprocess.CalledProcessError:
        sys.exit(
            f"{sys.executable} cannot create virtual environments; on Debian and Ubuntu: apt install python3-venv"
        )


def _installer() -> Path:
    """uv, at the version that the lock file pins, in the main environment: one installer for both."""
    uv = MAIN / "bin" / "uv"
    if not uv.exists():
        pin = next(
            line.split()[0]
            for line in MAIN_LOCK.read_text().splitlines()
            if line.startswith("uv==")
        )
        _run(MAIN / "bin/python", "-m", "pip", "install", "--quiet", pin)
    return uv


def _fingerprint(*inputs: Path) -> str:
    digest = hashlib.sha256()
    for path in inputs:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _run(*command: Path | str) -> None:
    try:
        subprocess.run([str(part) for part in command], check=True)
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"set-up stopped: {' '.join(map(str, command))} ended with status {error.returncode}"
        )


if __name__ == "__main__":
    main()
