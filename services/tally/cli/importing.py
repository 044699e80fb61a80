"""`tally cameras import`: cameras as a file says them.

Each row is one call, and another one where its camera is to be counted or no longer. What was done before an import
stopped, for whatever reason, is found done by the next one.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, TypeVar

import grpc
import typer
from rich.progress import track

from tally.api.camera.v1 import camera_pb2, camera_service_pb2_grpc
from tally.api.camera.v1 import camera_service_pb2 as messages
from tally.cli.camera_files import Problem, Row, read_rows
from tally.cli.camera_rows import Places, Unreadable, Wanted, values_of, wanted_by
from tally.cli.cameras import all_cameras
from tally.cli.exporting import FormatOption, format_of
from tally.cli.failing import errors, failing_clearly, reason_of, violations_of
from tally.cli.gateway import DEFAULT_GATEWAY, GatewayOption, calling
from tally.cli.showing import console, show_table

PAUSE_S = 2.0
"""How long to wait when the gateway says that these were too many calls."""

_REFUSALS = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.FAILED_PRECONDITION,
}
"""Of one row; all else ends the import."""
_FIELDS = {"site_id": "site", "area_id": "area"}

Q = TypeVar("Q")
R = TypeVar("R")


class Outcome(Enum):
    """What becomes of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a row, and in which fields."""

    row: Row
    outcome: Outcome
    what: str = ""
    problems: Sequence[Problem] = ()


def import_cameras(
    file: Annotated[Path, typer.Argument(help="What to read; `-` for standard input.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    kind: FormatOption = None,
    gateway: GatewayOption = DEFAULT_GATEWAY,
) -> None:
    """Create the cameras that a file names, and change those that are there to what it says.

    Cameras are told by their names, and none is deleted. What a row says nothing of stays as it is, and so do
    credentials unless the stream moves to another host. Importing twice changes nothing: an import that stopped is
    simply repeated.
    """
    with failing_clearly():
        text = sys.stdin.read() if file == Path("-") else file.read_text(encoding="utf-8-sig")
        rows = read_rows(text, format_of(file, kind))
        refused = asyncio.run(_import(gateway, str(file), rows, dry_run=dry_run))
    if refused:
        raise typer.Exit(1)


async def _import(gateway: str, name: str, rows: Sequence[Row], *, dry_run: bool) -> bool:
    """Whether any row was refused."""
    async with calling(gateway) as channel:
        places = await Places.read(channel)
        known = {camera.name: camera for camera in await all_cameras(channel)}
        task = _Import(camera_service_pb2_grpc.CameraServiceStub(channel), places, known, dry_run)
        try:
            for row in track(
                rows, "importing", console=errors, transient=True, disable=not errors.is_terminal
            ):
                await task.take(row)
        finally:
            _show(name, task.done, dry_run=dry_run)
            if len(task.done) < len(rows):
                line = rows[len(task.done)].line
                errors.print(f"stopped before line {line}: import the file again")
    return any(each.outcome is Outcome.REFUSED for each in task.done)


class _Import:
    """Takes rows in, one by one.

    Attributes:
        done: What became of those so far.
    """

    def __init__(
        self,
        cameras: "camera_service_pb2_grpc.CameraServiceAsyncStub",
        places: Places,
        known: Mapping[str, camera_pb2.Camera],
        dry_run: bool,
    ) -> None:
        self.done: list[Done] = []
        self._cameras = cameras
        self._places = places
        self._known = known
        self._dry_run = dry_run
        self._lines: dict[str, int] = {}

    async def take(self, row: Row) -> None:
        """Do what a row wants, or find out whether it can be done."""
        try:
            self.done.append(await self._take(row, self._wanted(row)))
        except Unreadable as error:
            self.done.append(Done(row, Outcome.REFUSED, problems=error.problems))
        except grpc.aio.AioRpcError as error:
            if error.code() not in _REFUSALS and reason_of(error) != "SITE_FORBIDDEN":
                raise
            self.done.append(Done(row, Outcome.REFUSED, problems=_problems(error)))

    def _wanted(self, row: Row) -> Wanted:
        wanted = wanted_by(row, self._places)
        first = self._lines.setdefault(wanted.camera.name, row.line)
        if first != row.line:
            raise Unreadable(Problem("name", f"stands in line {first} already"))
        return wanted

    async def _take(self, row: Row, wanted: Wanted) -> Done:
        present = self._known.get(wanted.camera.name)
        if present is None:
            return await self._create(row, wanted)
        return await self._change(row, wanted, present)

    async def _create(self, row: Row, wanted: Wanted) -> Done:
        request = messages.CreateCameraRequest(camera=wanted.camera, validate_only=self._dry_run)
        camera = (await patiently(self._cameras.CreateCamera, request)).camera
        if wanted.active:
            await self._switch(camera, active=True)
        bare = row.values.get("stream", {}).get("credentials_set") == "true"
        lacking = bare and not camera.stream.credentials_set
        return Done(row, Outcome.CREATED, "its credentials are missing" if lacking else "")

    async def _change(self, row: Row, wanted: Wanted, present: camera_pb2.Camera) -> Done:
        paths = wanted.paths_for(present)
        after = present
        if paths:
            wanted.camera.id, wanted.camera.etag = present.id, present.etag
            request = messages.UpdateCameraRequest(
                camera=wanted.camera, validate_only=self._dry_run
            )
            request.update_mask.paths.extend(paths)
            after = (await patiently(self._cameras.UpdateCamera, request)).camera
        changes = list(_changes(self._shown(present), self._shown(after)))
        if after.etag != present.etag and "stream.credentials" in paths:
            changes.append("credentials")
        active = present.state == camera_pb2.CAMERA_STATE_ACTIVE
        if wanted.active not in (None, active):
            await self._switch(after, active=bool(wanted.active))
            changes.append(f"state: {'active' if wanted.active else 'inactive'}")
        return Done(row, Outcome.CHANGED if changes else Outcome.UNCHANGED, "; ".join(changes))

    async def _switch(self, camera: camera_pb2.Camera, *, active: bool) -> None:
        """Have a camera counted, or counted no longer."""
        if self._dry_run:
            return
        if active:
            on = messages.ActivateCameraRequest(camera_id=camera.id)
            await patiently(self._cameras.ActivateCamera, on)
        else:
            off = messages.DeactivateCameraRequest(camera_id=camera.id)
            await patiently(self._cameras.DeactivateCamera, off)

    def _shown(self, camera: camera_pb2.Camera) -> dict[str, object]:
        return values_of(camera, self._places)


async def patiently(method: Callable[[Q], Awaitable[R]], request: Q) -> R:
    """The answer of a call, repeated while the gateway finds that there are too many."""
    while True:
        try:
            return await method(request)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED or reason_of(error):
                raise
        await asyncio.sleep(PAUSE_S)


def _changes(before: object, after: object, path: str = "") -> Iterator[str]:
    """What differs: texts and numbers with what they become, the rest by name."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and path != "labels":
        for name in after:
            yield from _changes(before[name], after[name], f"{path}.{name}" if path else name)
    elif isinstance(after, str):
        yield f"{path}: {before or 'none'} → {after or 'none'}"
    else:
        yield path


def _problems(error: grpc.aio.AioRpcError) -> Sequence[Problem]:
    """Why a call was refused, by the fields of a row."""
    found = [
        Problem(_FIELDS.get(field, field), description)
        for field, description in (
            (each.removeprefix("camera").removeprefix("."), description)
            for each, description in violations_of(error)
        )
    ]
    return found or [Problem("", error.details() or error.code().name)]


def _show(name: str, done: Sequence[Done], *, dry_run: bool) -> None:
    if done:
        show_table(
            ["camera", "line", "outcome", "what"],
            [
                (
                    str(each.row.values.get("name") or "?"),
                    str(each.row.line),
                    each.outcome.value,
                    each.what,
                )
                for each in done
            ],
        )
    for each in done:
        for problem in each.problems:
            where = f"{name}:{each.row.line_of(problem.field)}"
            errors.print(": ".join(filter(None, [where, problem.field, problem.description])))
    counts = Counter(each.outcome for each in done)
    told = ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome)
    console.print(f"{told}{' if it were no dry run' if dry_run else ''}")
