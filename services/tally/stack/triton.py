"""Triton Inference Server from its wheel, with the detectors of the model store."""

import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from tally.stack.errors import StackError
from tally.stack.folder import DataFolder
from tally.stack.models import PROJECT, TRITON_ENVIRONMENT, ModelStore
from tally.stack.probe import HealthProbe
from tally.stack.process import Command, ServerProcess

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux keeps it, not a temporary file


class TritonServer:
    """Triton on loopback, gRPC only.

    Attributes:
        process: The running server.
        address: `host:port` of its gRPC service.
        models: Names of the models that it serves.
    """

    def __init__(self, folder: DataFolder, store: ModelStore) -> None:
        self._folder = folder
        self._store = store
        self.address = f"127.0.0.1:{folder.port('triton')}"
        self.models: list[str] = []
        home = folder.folder("triton")
        self._repository, self._backends = home / "repository", home / "backends"
        self.process = ServerProcess(
            "triton",
            self._command(),
            folder.log("triton"),
            HealthProbe(self.address),
            mend="see the log; `make clean setup` makes Triton's environment anew",
            # Triton neither restarts a model's process that died nor tells of it: it stays ready, and
            # the model answers nothing any more (triton server #7230).
            needs_children=True,
            clean_up=self._free_shared_memory,
        )

    async def start(self) -> None:
        """Lay out repository and backend, then start the server and wait for all models.

        Raises:
            StackError: Triton's environment is missing or a model does not load.
        """
        if not _site_packages().is_dir():
            raise StackError(f"{TRITON_ENVIRONMENT} is missing", mend="run `make setup`")
        self.models = self._store.build_repository(self._repository)
        self._lay_out_backend()
        await self.process.start()

    async def stop(self) -> None:
        """Stop the server."""
        await self.process.stop()

    def _free_shared_memory(self) -> None:
        """Remove the regions between Triton and its models, which outlive them unless they end in good order."""
        for region in _SHARED_MEMORY.glob(f"{self._shared_memory_prefix}*"):
            region.unlink(missing_ok=True)

    @property
    def _shared_memory_prefix(self) -> str:
        return f"tally-triton-{self.address.rpartition(':')[2]}-"

    def _lay_out_backend(self) -> None:
        """Put the Python backend and the stub of the running Python version side by side, as Triton wants them."""
        home = _triton_home()
        version = sysconfig.get_python_version()
        parts = [
            home / "backends" / "python" / "libtriton_python.so",
            home / "backends" / "python" / "triton_python_backend_utils.py",
            home / "python_backend_stubs" / version / "triton_python_backend_stub",
        ]
        folder = self._backends / "python"
        folder.mkdir(parents=True, exist_ok=True)
        for part in parts:
            if not part.exists():
                raise StackError(
                    f"Triton's wheel has no Python backend for Python {version}",
                    mend="use a Python between 3.11 and 3.13: make clean setup PYTHON=python3.12",
                )
            link = folder / part.name
            link.unlink(missing_ok=True)
            link.symlink_to(part)

    def _command(self) -> Command:
        port = self.address.rpartition(":")[2]
        return Command(
            [
                str(_triton_home() / "bin" / "tritonserver"),
                f"--model-repository={self._repository}",
                f"--backend-directory={self._backends}",
                "--model-control-mode=none", "--strict-readiness=true",
                "--allow-http=false", "--allow-metrics=false",
                "--allow-grpc=true", "--grpc-address=127.0.0.1", f"--grpc-port={port}",
                f"--backend-config=python,shm-region-prefix-name={self._shared_memory_prefix}",
                # No farewell to the models: it takes seconds, and they have nothing to put in order.
                "--exit-timeout-secs=0", "--log-warning=true", "--log-info=false",
                "--disable-auto-complete-config",
            ],
            _environment(),
            folder=PROJECT,  # Python models find the project's modules from here
        )  # fmt: skip


def _environment() -> Mapping[str, str]:
    libraries = [
        _site_packages() / "nvidia_pytriton.libs",
        Path(sysconfig.get_config_var("LIBDIR")),
    ]
    return {
        "PATH": f"{TRITON_ENVIRONMENT / 'bin'}:{os.environ.get('PATH', '')}",
        "LD_LIBRARY_PATH": ":".join(str(path) for path in libraries),
        "PYTHONPATH": f"{_site_packages()}:{PROJECT}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _site_packages() -> Path:
    return TRITON_ENVIRONMENT / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"


def _triton_home() -> Path:
    return _site_packages() / "pytriton" / "tritonserver"
