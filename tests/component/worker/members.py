"""Workers as the pool sees them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc

from tally.api.camera.v1 import stream_pb2
from tally.api.worker.v1 import worker_pb2
from tally.api.worker.v1 import worker_service_pb2 as messages

if TYPE_CHECKING:
    from tally.api.worker.v1.worker_service_pb2_grpc import WorkerServiceAsyncStub

    Pool = WorkerServiceAsyncStub
else:
    Pool = Any

STREAMING = stream_pb2.STREAM_STATE_STREAMING


class Worker:
    """A worker as the pool sees it."""

    def __init__(self, pool: Pool, registered: messages.RegisterWorkerResponse) -> None:
        self.pool = pool
        self.id = registered.worker.id
        self.lease = registered.lease_duration.ToTimedelta()

    @classmethod
    async def register(
        cls,
        pool: Pool,
        name: str,
        capacity: int = 10,
        selector: worker_pb2.CameraSelector | None = None,
    ) -> "Worker":
        request = messages.RegisterWorkerRequest(name=name, capacity=capacity, selector=selector)
        return cls(pool, await pool.RegisterWorker(request))

    async def renew(
        self,
        assignments: Iterable[worker_pb2.Assignment] = (),
        state: stream_pb2.StreamState.ValueType = STREAMING,
        reason: str = "",
        conditions: Sequence[stream_pb2.StreamCondition] = (),
    ) -> worker_pb2.Worker:
        cameras = []
        for assignment in assignments:
            status = stream_pb2.StreamStatus(
                state=state, reason=reason, frames_processed=7, conditions=conditions
            )
            status.update_time.GetCurrentTime()
            cameras.append(
                worker_pb2.RunningCamera(
                    camera_id=assignment.camera_id, epoch=assignment.epoch, status=status
                )
            )
        request = messages.RenewLeaseRequest(worker_id=self.id, cameras=cameras)
        return (await self.pool.RenewLease(request)).worker

    @asynccontextmanager
    async def watch(self) -> AsyncIterator["Watch"]:
        call = self.pool.WatchAssignments(messages.WatchAssignmentsRequest(worker_id=self.id))
        try:
            yield Watch(call)
        finally:
            call.cancel()


class Watch:
    def __init__(self, call: Any) -> None:
        self._call = call

    async def next(self) -> messages.WatchAssignmentsResponse:
        """What the pool says next."""
        answer = await self._call.read()
        assert isinstance(answer, messages.WatchAssignmentsResponse), "the pool ended the stream"
        return answer

    async def until(self, *camera_ids: str) -> list[worker_pb2.Assignment]:
        """Read on until exactly these cameras are assigned."""
        async with asyncio.timeout(10):
            while True:
                answer = await self.next()
                if {each.camera_id for each in answer.assignments} == set(camera_ids):
                    return list(answer.assignments)

    async def holding(self, count: int) -> set[str]:
        """Read on until so many cameras are assigned: which."""
        async with asyncio.timeout(10):
            while True:
                answer = await self.next()
                if len(answer.assignments) == count:
                    return {each.camera_id for each in answer.assignments}

    async def error(self) -> grpc.aio.AioRpcError:
        """Read on until the stream fails."""
        async with asyncio.timeout(10):
            while True:
                try:
                    await self.next()
                except grpc.aio.AioRpcError as error:
                    return error
