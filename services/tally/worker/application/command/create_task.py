"""Queues a task."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.kernel.clock import Clock
from tally.kernel.idempotency import CreateRequest
from tally.kernel.identity import Sites
from tally.worker.domain.camera import Camera, CameraState
from tally.worker.domain.errors import CameraNotFound, SiteForbidden
from tally.worker.domain.ports import Begin
from tally.worker.domain.tasks import MAX_ATTEMPTS, Job, Priority, Task


@dataclass(frozen=True, slots=True)
class CreateTask:
    """Queues a task; a repeated request queues none.

    Attributes:
        begin: Opens transactions.
        clock: Stamps it.
        new_id: Makes ids.
    """

    begin: Begin
    clock: Clock
    new_id: Callable[[], str]

    async def __call__(
        self,
        job: Job,
        *,
        priority: Priority,
        max_attempts: int,
        creator: str,
        sites: Sites,
        request: CreateRequest,
    ) -> Task:
        """The new task, or the one that the same request created before, as it is now.

        Args:
            job: What to do.
            priority: Which tasks go first.
            max_attempts: Attempts after which it is dead; 0 for the usual number.
            creator: Who asks.
            sites: Where the caller may create tasks.
            request: What asks for it.

        Raises:
            SiteForbidden: The caller is bound to sites, and the task uses no camera.
            CameraNotFound: The pool knows no such camera, or it is at none of the caller's sites.
            RequestIdReused: The request id stands for another request.
        """
        task_id, now = self.new_id(), self.clock()
        async with self.begin() as work:
            before = await work.create_requests.claim(request, task_id, now)
            if before is not None:
                known = await work.tasks.get(before)
                known.require_at(sites)
                return known
            camera = await work.cameras.get(job.camera_id) if job.camera_id else None
            _require_at(sites, camera)
            task = Task(
                id=task_id,
                kind=job.kind,
                work=job.work,
                counting=camera.counting if camera else b"",
                site_id=camera.site_id if camera else "",
                priority=priority,
                max_attempts=max_attempts or MAX_ATTEMPTS,
                creator=creator,
                create_time=now,
            )
            await work.tasks.put(task)
            await work.offer(task)
        return task


def _require_at(sites: Sites, camera: Camera | None) -> None:
    if camera is None:
        if sites is not None:
            raise SiteForbidden
        return
    known = camera.counting_version > 0 and camera.state is not CameraState.DELETED
    if not known or (sites is not None and camera.site_id not in sites):
        raise CameraNotFound(camera.camera_id)
