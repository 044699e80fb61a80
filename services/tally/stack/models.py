"""The detectors of one stack: which weights are installed, and the repository that Triton serves."""

import asyncio
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from pydantic import BaseModel

from tally.stack.errors import StackError
from tally.stack.folder import DataFolder

PROJECT = Path(__file__).resolve().parents[3]
TEMPLATES = PROJECT / "triton_models"
TRITON_ENVIRONMENT = PROJECT / ".venv-triton"

RELEASES = "https://github.com/tally-counting/tally/releases/download/models-v1"
"""Where weights are published. They are checked against `PUBLISHED` before they are installed."""
LICENCES = {"yolox-nano": "Apache-2.0"}
"""Of the weights that can be fetched."""
PUBLISHED = {"yolox-nano": "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14"}
"""SHA-256 of the weights that can be fetched."""

MOTION = "motion"
_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]{0,62}$")

Progress = Callable[[int, int | None], None]
"""Told how many bytes have come, and of how many, if that is known."""


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """Weights that were checked and installed.

    Attributes:
        name: What cameras call the detector.
        sha256: Of the weights' file.
        bytes: Size of the file.
        width: Of the network's input, in pixels.
        height: Of the network's input, in pixels.
        classes: What the network tells apart, in its order.
        licence: Under which the weights are used; empty if nobody said.
    """

    name: str
    sha256: str
    bytes: int
    width: int
    height: int
    classes: tuple[str, ...]
    licence: str = ""


class ModelStore:
    """Installed weights below a data folder. Every change is a rename, so a crash leaves none half done."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder.folder("models")

    def installed(self) -> list[InstalledModel]:
        """What is installed, by name."""
        return [self._read(path) for path in sorted(self._folder.glob("*.json"))]

    async def add(self, file: Path, name: str | None = None, licence: str = "") -> InstalledModel:
        """Install weights from a local file.

        Args:
            file: A YOLOX ONNX export.
            name: What to call the detector; by default the file's name.
            licence: Under which the weights are used.

        Raises:
            StackError: The file is missing or its inputs and outputs do not fit.
        """
        if name is None:
            name = file.stem.lower().replace("_", "-")
        if not _NAME.match(name) or name == MOTION:
            raise StackError(
                f"a detector cannot be called {name!r}",
                mend="use lower-case letters, digits, dots and dashes: --name yolox-custom",
            )
        if not file.is_file():
            raise StackError(f"there is no file {file}", mend="name an existing ONNX file")
        description = await inspect(file)
        content = file.read_bytes()
        model = InstalledModel(
            name,
            hashlib.sha256(content).hexdigest(),
            len(content),
            description.width,
            description.height,
            tuple(description.classes),
            licence,
        )
        self._install(model, content)
        return model

    async def fetch(
        self, name: str, progress: Progress, releases: str = RELEASES
    ) -> InstalledModel:
        """Download published weights, check them, install them.

        Args:
            name: One of `PUBLISHED`.
            progress: Told how the download goes.
            releases: Address of the folder that holds `<name>.onnx`.

        Raises:
            StackError: The name is not published, the download fails, or the file is not the published one.
        """
        if name not in PUBLISHED:
            raise StackError(
                f"no weights called {name!r} are published",
                mend=f"published are: {', '.join(PUBLISHED)}; install others with `tally models add FILE`",
            )
        target = self._folder / f"{name}.download"
        address = f"{releases}/{name}.onnx"
        try:
            await _download(address, target, progress)
            if hashlib.sha256(target.read_bytes()).hexdigest() != PUBLISHED[name]:
                raise StackError(
                    f"{address} is not the file that was published under this name",
                    mend="try again; if it stays so, tell the project and do not use the file",
                )
            return await self.add(target, name, LICENCES.get(name, ""))
        finally:
            target.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Uninstall weights.

        Raises:
            StackError: None are installed under this name.
        """
        manifest = self._folder / f"{name}.json"
        if not manifest.exists():
            raise StackError(f"no model {name!r} is installed", mend="see `tally models list`")
        weights = self.weights(self._read(manifest))
        manifest.unlink()
        weights.unlink(missing_ok=True)

    def weights(self, model: InstalledModel) -> Path:
        """Where the weights of an installed model are."""
        return self._folder / f"{model.name}-{model.sha256[:16]}.onnx"

    def build_repository(self, target: Path) -> list[str]:
        """Write the repository that Triton serves: `motion`, and one model for each installed file.

        Returns:
            Names of the models in it.

        Raises:
            StackError: The weights of an installed model are gone.
        """
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(TEMPLATES / MOTION, target / MOTION)
        for model in self.installed():
            if not self.weights(model).exists():
                raise StackError(
                    f"the weights of {model.name} are gone from {self._folder}",
                    mend=f"install them again, or `tally models remove {model.name}`",
                )
            folder = target / model.name
            shutil.copytree(TEMPLATES / "yolox", folder)
            _link(folder / "1" / "model.onnx", self.weights(model))
            with (folder / "config.pbtxt").open("a") as configuration:
                configuration.write(_parameter("classes", ",".join(model.classes)))
                configuration.write(_parameter("side", str(max(model.width, model.height))))
                configuration.write(_parameter("weights_bytes", str(model.bytes)))
                configuration.write(_parameter("weights_sha256", model.sha256))
                configuration.write(_parameter("licence", model.licence))
                cores = len(os.sched_getaffinity(0))
                configuration.write(f"instance_group [{{ kind: KIND_CPU count: {cores} }}]\n")
        return sorted(path.name for path in target.iterdir())

    def _install(self, model: InstalledModel, content: bytes) -> None:
        before = {each.name: self.weights(each) for each in self.installed()}.get(model.name)
        weights = self.weights(model)
        _write(weights, content)
        # From here on the new weights count; until here the old ones did.
        _write(self._folder / f"{model.name}.json", json.dumps(asdict(model), indent=1).encode())
        if before is not None and before != weights:
            before.unlink(missing_ok=True)

    def _read(self, manifest: Path) -> InstalledModel:
        content = json.loads(manifest.read_text())
        return InstalledModel(**content | {"classes": tuple(content["classes"])})


class Network(BaseModel):
    """What a network takes and tells apart."""

    width: int
    height: int
    classes: list[str]


async def inspect(file: Path) -> Network:
    """What a network takes and gives, read by the environment that will run it.

    Raises:
        StackError: It is no YOLOX export, or that environment is missing.
    """
    python = TRITON_ENVIRONMENT / "bin" / "python"
    if not python.exists():
        raise StackError(f"{TRITON_ENVIRONMENT} is missing", mend="run `make setup`")
    process = await asyncio.create_subprocess_exec(
        str(python), "-m", "triton_models.inspect_model", str(file.resolve()),
        cwd=PROJECT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    if process.returncode != 0:
        lines = errors.decode(errors="replace").strip().splitlines() or ["the check failed"]
        raise StackError(
            f"{file.name} cannot be used: {lines[-1]}",
            mend="install a YOLOX ONNX export (decoding left out, scores after the sigmoid)",
        )
    return Network.model_validate_json(output)


async def _download(address: str, target: Path, progress: Progress) -> None:
    try:
        async with (
            httpx.AsyncClient(follow_redirects=True, timeout=30) as client,
            client.stream("GET", address) as response,
        ):
            response.raise_for_status()
            length = response.headers.get("content-length")
            received = 0
            with target.open("wb") as file:
                async for chunk in response.aiter_bytes():
                    file.write(chunk)
                    received += len(chunk)
                    progress(received, int(length) if length else None)
    except httpx.HTTPError as error:
        raise StackError(
            f"{address} cannot be downloaded: {_reason(error)}",
            mend="check the connection, or download the file elsewhere and use `tally models add FILE`",
        ) from error


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"the server answers {error.response.status_code} {error.response.reason_phrase}"
    return str(error) or type(error).__name__


def _write(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old one or the new one."""
    fresh = path.with_suffix(".new")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _link(path: Path, target: Path) -> None:
    """Let `path` be `target`, if possible so that it stays when `target` is uninstalled while Triton runs."""
    try:
        path.hardlink_to(target)
    except OSError:  # another file system
        path.symlink_to(target)


def _parameter(key: str, value: str) -> str:
    return f'parameters {{ key: "{key}" value {{ string_value: {json.dumps(value)} }} }}\n'
