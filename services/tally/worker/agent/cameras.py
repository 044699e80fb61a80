"""The cameras that a worker runs."""

import asyncio
from collections.abc import Iterable, Iterator

from tally.worker.agent.runner import CameraRunner, Surroundings
from tally.worker.agent.task import CameraTask


class Cameras:
    """Runs the cameras that are assigned and no others.

    Args:
        surroundings: What they share.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._runners: dict[str, CameraRunner] = {}

    def __iter__(self) -> Iterator[CameraRunner]:
        """The cameras that run, those included whose run is being ended."""
        return iter(tuple(self._runners.values()))

    def running(self, camera_id: str) -> CameraRunner | None:
        """The camera, if it runs here."""
        return self._runners.get(camera_id)

    async def assign(self, tasks: Iterable[CameraTask]) -> None:
        """Run exactly these. A camera whose configuration is the same goes on with its run."""
        wanted = {task.camera_id: task for task in tasks}
        stopped = []
        for camera_id, runner in self._runners.items():
            task = wanted.get(camera_id)
            if task is not None and task.counts_the_same(runner.task):
                runner.task = task
            else:
                stopped.append(camera_id)
        try:
            await asyncio.gather(*(self._runners[camera_id].stop() for camera_id in stopped))
        finally:
            for camera_id in stopped:
                del self._runners[camera_id]
            if stopped:
                self._surroundings.changed()
        for camera_id, task in wanted.items():
            if camera_id not in self._runners:
                runner = CameraRunner(task, self._surroundings)
                self._runners[camera_id] = runner
                runner.start()

    async def stop(self) -> None:
        """Run none."""
        await self.assign(())
