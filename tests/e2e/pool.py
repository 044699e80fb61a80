"""What the pool knows of its workers."""

import asyncio
from contextlib import suppress

import grpc

from tally.api.camera.v1 import stream_pb2
from tally.api.worker.v1 import worker_pb2, worker_service_pb2, worker_service_pb2_grpc

PATIENCE_S = 90


class Pool:
    """The worker contract's questions about cameras."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = worker_service_pb2_grpc.WorkerServiceStub(channel)

    async def streams(self) -> dict[str, stream_pb2.StreamStatus]:
        """The cameras that workers run, and how their streams do."""
        answer = await self._stub.ListWorkers(worker_service_pb2.ListWorkersRequest())
        return {
            running.camera_id: running.status
            for worker in answer.workers
            if worker.state == worker_pb2.WORKER_STATE_ALIVE
            for running in worker.cameras
        }

    async def reaches(
        self, camera_id: str, *states: stream_pb2.StreamState.ValueType
    ) -> stream_pb2.StreamStatus:
        """Wait until a camera's stream is in one of these states."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with suppress(grpc.aio.AioRpcError):  # parts may be dead meanwhile
                    status = (await self.streams()).get(camera_id)
                    if status is not None and status.state in states:
                        return status
                await asyncio.sleep(0.1)

    async def drops(self, camera_id: str) -> None:
        """Wait until no worker runs a camera."""
        async with asyncio.timeout(PATIENCE_S):
            while camera_id in await self.streams():
                await asyncio.sleep(0.1)
