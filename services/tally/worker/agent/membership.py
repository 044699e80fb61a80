"""The worker's place in the pool: registers, renews the lease, follows what is assigned."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import chain, repeat

import grpc
import structlog

from tally.api.camera.v1.ai_model_pb2 import InstalledModel
from tally.api.worker.v1 import worker_service_pb2 as messages
from tally.api.worker.v1.worker_pb2 import SpoolStatus
from tally.api.worker.v1.worker_service_pb2_grpc import WorkerServiceStub
from tally.kernel.backoff import Backoff
from tally.kernel.clock import Clock, utc_now
from tally.kernel.errors import Unavailable
from tally.worker.agent.cameras import Cameras
from tally.worker.agent.mapping import running_to_proto, task_from_proto
from tally.worker.agent.remembered import RememberedAssignments
from tally.worker.agent.task import CameraTask

SILENCE_S = 20.0
"""The pool shows a sign of life at least every ten seconds."""
RENEWALS_PER_LEASE = 3
LEAVE_TIMEOUT_S = 2.0
REPORT_PERIOD_S = 60.0
FIRST_FRAMES_S = 10.0

_log = structlog.get_logger(__name__)


class Membership:
    """Keeps the worker in the pool. While the pool cannot be reached, cameras go on as they are.

    A worker that starts meanwhile runs what it ran last: if that went to others, the epochs of its records are older
    than theirs, and it is not believed.

    Args:
        channel: To the pool.
        place: What it asks the pool for.
        cameras: Runs what is assigned.
        changed: Set when a camera's state is another: the pool is told without waiting for the next renewal.
        remembered: What it was to run last.
        spool: Tells what has not been sent yet.
        inventory: Tells which models can be used.
        clock: The wall clock.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        place: messages.RegisterWorkerRequest,
        cameras: Cameras,
        changed: asyncio.Event,
        remembered: RememberedAssignments,
        spool: Callable[[], SpoolStatus],
        inventory: Callable[[], Awaitable[Sequence[InstalledModel]]],
        clock: Clock = utc_now,
    ) -> None:
        self._stub = WorkerServiceStub(channel)
        self._place = place
        self._cameras = cameras
        self._clock = clock
        self._changed = changed
        self._remembered = remembered
        self._spool = spool
        self._inventory = inventory
        self._backoff = Backoff(first_s=0.5, longest_s=3.0)
        self._worker_id = ""
        self._member = False

    async def ping(self) -> None:
        """Return if the worker has its place in the pool.

        Raises:
            Unavailable: It has not.
        """
        if not self._member:
            raise Unavailable("not a member of the pool")

    async def run(self) -> None:
        """Be a member until cancelled; then end all runs and take leave."""
        try:
            while True:
                try:
                    await self._belong()
                except* (grpc.aio.AioRpcError, OSError, TimeoutError) as errors:
                    self._note_lost(errors.exceptions[0])
                    if not any(self._cameras) and _is_out_of_reach(errors.exceptions[0]):
                        await self._resume()
                await asyncio.sleep(self._backoff.next_s())
        finally:
            await self._cameras.stop()
            await self._leave()

    async def _belong(self) -> None:
        answer = await self._stub.RegisterWorker(self._place)
        self._worker_id = answer.worker.id
        _log.info("registered", worker_id=self._worker_id, name=self._place.name)
        lease_s = answer.lease_duration.ToTimedelta().total_seconds()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_renewing(lease_s / RENEWALS_PER_LEASE))
            group.create_task(self._follow())
            group.create_task(self._keep_reporting())

    async def _keep_renewing(self, period_s: float) -> None:
        while True:
            self._changed.clear()
            await self._stub.RenewLease(
                messages.RenewLeaseRequest(
                    worker_id=self._worker_id,
                    cameras=running_to_proto(self._cameras, self._clock()),
                    spool=self._spool(),
                )
            )
            try:
                async with asyncio.timeout(period_s):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _keep_reporting(self) -> None:
        """Say which models there are: soon, when frames have shown how long they take, and then every minute."""
        for pause_s in chain([0.0, FIRST_FRAMES_S], repeat(REPORT_PERIOD_S)):
            await asyncio.sleep(pause_s)
            try:
                models = await self._inventory()
                await self._stub.ReportModels(
                    messages.ReportModelsRequest(worker_id=self._worker_id, models=models)
                )
            except (Unavailable, grpc.aio.AioRpcError) as error:
                # Whether the worker is still a member is for the renewals to tell.
                _log.warning("models_not_reported", reason=str(error))

    async def _follow(self) -> None:
        while True:
            await self._watch()

    async def _watch(self) -> None:
        """Take assignments until the stream ends with the token that it was opened with."""
        call = self._stub.WatchAssignments(
            messages.WatchAssignmentsRequest(worker_id=self._worker_id)
        )
        heard = False
        try:
            while True:
                async with asyncio.timeout(SILENCE_S):
                    answer = await call.read()
                if not isinstance(answer, messages.WatchAssignmentsResponse):
                    raise ConnectionError("the pool ended the stream of assignments")
                await asyncio.to_thread(self._remembered.keep, answer)
                await self._cameras.assign(_tasks(answer))
                heard = self._member = True
                self._backoff.reset()
        except grpc.aio.AioRpcError as error:
            if not heard or error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise
        finally:
            call.cancel()

    async def _resume(self) -> None:
        """Run what the worker was to run when the pool was last heard."""
        answer = self._remembered.recall()
        if answer is not None:
            _log.warning("resumed_without_pool", cameras=len(answer.assignments))
            await self._cameras.assign(_tasks(answer))

    def _note_lost(self, error: BaseException) -> None:
        self._member = False
        reason = error.details() if isinstance(error, grpc.aio.AioRpcError) else str(error)
        _log.warning("membership_lost", reason=reason or type(error).__name__)

    async def _leave(self) -> None:
        """Have the cameras go to others at once, rather than when the lease runs out."""
        if not self._worker_id:
            return
        request = messages.DeregisterWorkerRequest(worker_id=self._worker_id)
        try:
            await self._stub.DeregisterWorker(request, timeout=LEAVE_TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            _log.warning("leave_failed", reason=error.details())


def _is_out_of_reach(error: BaseException) -> bool:
    """Whether the pool said nothing, rather than no."""
    return not isinstance(error, grpc.aio.AioRpcError) or error.code() in {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    }


def _tasks(answer: messages.WatchAssignmentsResponse) -> Iterator[CameraTask]:
    for assignment in answer.assignments:
        try:
            yield task_from_proto(assignment)
        except ValueError as error:
            # Lines and zones were checked when they were drawn; one camera must not stop the others.
            _log.error("assignment_refused", camera=assignment.camera_name, reason=str(error))
