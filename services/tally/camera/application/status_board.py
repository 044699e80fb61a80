"""Looks at how all cameras do, for everybody who watches."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tally.camera.domain.status import CameraStatus, Interest
from tally.kernel.errors import DomainError

PERIOD_S = 1.0
HEARTBEAT_S = 10.0


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What is otherwise than before.

    Attributes:
        statuses: Of the cameras that do otherwise; at first of all.
        gone: Ids of the cameras that are not to be seen any more.
    """

    statuses: Sequence[CameraStatus] = ()
    gone: Sequence[str] = ()


class StatusBoard:
    """Shows how all cameras do, after one look for all who watch; while nobody does, it does not look.

    What is shown comes from the database, so that it does not matter which server heard of it. Each watcher
    compares what is shown with what it was told last: one that is slow is told less often, and nothing is queued
    for it.

    Args:
        look: Tells how all cameras do.
        period_s: Time between two looks.
        heartbeat_s: Time after which a watcher is told that nothing has happened.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[Sequence[CameraStatus]]],
        *,
        period_s: float = PERIOD_S,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._look = look
        self._period_s = period_s
        self._heartbeat_s = heartbeat_s
        self._watchers = 0
        self._watched = asyncio.Event()
        self._shown: Mapping[str, CameraStatus] | None = None
        self._error: DomainError | None = None
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Look while anybody watches, until cancelled."""
        while True:
            await self._watched.wait()
            try:
                shown = {status.camera_id: status for status in await self._look()}
            except DomainError as error:
                self._error, self._shown = error, None
                self._notify()
            else:
                if shown != self._shown or self._error:
                    self._error, self._shown = None, shown
                    self._notify()
            await asyncio.sleep(self._period_s)

    async def watch(self, interest: Interest) -> AsyncGenerator[StatusChange, None]:
        """What is otherwise than before: at first everything, and nothing where nothing has happened for long.

        Raises:
            DomainError: It cannot be told how cameras do.
        """
        with self._watching():
            told: Mapping[str, CameraStatus] | None = None
            while True:
                changed = self._changed
                if self._error:
                    raise self._error
                if self._shown is not None:
                    seen = {
                        camera_id: status
                        for camera_id, status in self._shown.items()
                        if interest.includes(status)
                    }
                    if told is None or seen != told:
                        before = told or {}
                        yield StatusChange(
                            [each for each in seen.values() if before.get(each.camera_id) != each],
                            [camera_id for camera_id in before if camera_id not in seen],
                        )
                        told = seen
                        continue  # while it was told, more may have changed
                try:
                    async with asyncio.timeout(self._heartbeat_s):
                        await changed.wait()
                except TimeoutError:
                    yield StatusChange()

    @contextmanager
    def _watching(self) -> Iterator[None]:
        if not self._watchers:
            self._shown = self._error = None  # it may be old
        self._watchers += 1
        self._watched.set()
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._watched.clear()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
