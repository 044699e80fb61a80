"""The WorkerService of the contract."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from tally.api.worker.v1 import worker_service_pb2 as messages
from tally.api.worker.v1.worker_service_pb2_grpc import WorkerServiceServicer
from tally.kernel.clock import Clock
from tally.kernel.grpc.call import ServicerContext
from tally.worker.application.command.change_admission import ChangeAdmission
from tally.worker.application.command.deregister_worker import DeregisterWorker
from tally.worker.application.command.register_worker import RegisterWorker
from tally.worker.application.command.renew_lease import RenewLease
from tally.worker.application.command.report_models import ReportModels
from tally.worker.application.query.get_worker import GetWorker
from tally.worker.application.query.list_workers import ListWorkers
from tally.worker.application.query.watch_assignments import WatchAssignments
from tally.worker.domain.assignment import Admission
from tally.worker.mapping import (
    assignment_to_proto,
    frame_costs_from_proto,
    hardware_from_proto,
    running_from_proto,
    selector_from_proto,
    spool_from_proto,
    worker_to_proto,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerServicer(WorkerServiceServicer):
    """Serves `tally.api.worker.v1.WorkerService`."""

    register_worker: RegisterWorker
    renew_lease: RenewLease
    report_models: ReportModels
    watch_assignments: WatchAssignments
    deregister_worker: DeregisterWorker
    change_admission: ChangeAdmission
    get_worker: GetWorker
    list_workers: ListWorkers
    clock: Clock

    async def RegisterWorker(  # noqa: N802 - gRPC's name
        self, request: messages.RegisterWorkerRequest, context: ServicerContext
    ) -> messages.RegisterWorkerResponse:
        """Take a worker into the pool."""
        worker = await self.register_worker(
            request.name,
            request.capacity,
            selector_from_proto(request.selector),
            hardware_from_proto(request.hardware),
        )
        response = messages.RegisterWorkerResponse(worker=worker_to_proto(worker, self.clock()))
        response.lease_duration.FromTimedelta(self.register_worker.lease)
        return response

    async def RenewLease(  # noqa: N802 - gRPC's name
        self, request: messages.RenewLeaseRequest, context: ServicerContext
    ) -> messages.RenewLeaseResponse:
        """Keep a worker in the pool."""
        worker = await self.renew_lease(
            request.worker_id, running_from_proto(request), spool_from_proto(request)
        )
        return messages.RenewLeaseResponse(worker=worker_to_proto(worker, self.clock()))

    async def ReportModels(  # noqa: N802 - gRPC's name
        self, request: messages.ReportModelsRequest, context: ServicerContext
    ) -> messages.ReportModelsResponse:
        """Hear which models a worker can use."""
        await self.report_models(
            request.worker_id, request.SerializeToString(), frame_costs_from_proto(request)
        )
        return messages.ReportModelsResponse()

    async def WatchAssignments(  # noqa: N802 - gRPC's name
        self, request: messages.WatchAssignmentsRequest, context: ServicerContext
    ) -> AsyncIterator[messages.WatchAssignmentsResponse]:
        """Follow what a worker is to run."""
        async for assignments in self.watch_assignments(request.worker_id):
            yield messages.WatchAssignmentsResponse(
                assignments=map(assignment_to_proto, assignments)
            )

    async def DeregisterWorker(  # noqa: N802 - gRPC's name
        self, request: messages.DeregisterWorkerRequest, context: ServicerContext
    ) -> messages.DeregisterWorkerResponse:
        """Let a worker go."""
        await self.deregister_worker(request.worker_id)
        return messages.DeregisterWorkerResponse()

    async def CordonWorker(  # noqa: N802 - gRPC's name
        self, request: messages.CordonWorkerRequest, context: ServicerContext
    ) -> messages.CordonWorkerResponse:
        """Have a worker take no more cameras."""
        worker = await self.change_admission(request.worker_id, Admission.CORDONED)
        return messages.CordonWorkerResponse(worker=worker_to_proto(worker, self.clock()))

    async def DrainWorker(  # noqa: N802 - gRPC's name
        self, request: messages.DrainWorkerRequest, context: ServicerContext
    ) -> messages.DrainWorkerResponse:
        """Have a worker give its cameras to others."""
        worker = await self.change_admission(request.worker_id, Admission.DRAINING)
        return messages.DrainWorkerResponse(worker=worker_to_proto(worker, self.clock()))

    async def UncordonWorker(  # noqa: N802 - gRPC's name
        self, request: messages.UncordonWorkerRequest, context: ServicerContext
    ) -> messages.UncordonWorkerResponse:
        """Have a worker take cameras again."""
        worker = await self.change_admission(request.worker_id, Admission.OPEN)
        return messages.UncordonWorkerResponse(worker=worker_to_proto(worker, self.clock()))

    async def GetWorker(  # noqa: N802 - gRPC's name
        self, request: messages.GetWorkerRequest, context: ServicerContext
    ) -> messages.GetWorkerResponse:
        """Return one worker."""
        worker, load = await self.get_worker(request.worker_id)
        return messages.GetWorkerResponse(worker=worker_to_proto(worker, self.clock(), load))

    async def ListWorkers(  # noqa: N802 - gRPC's name
        self, request: messages.ListWorkersRequest, context: ServicerContext
    ) -> messages.ListWorkersResponse:
        """List workers by id, a page at a time."""
        page = await self.list_workers(request.page_size, request.page_token)
        now = self.clock()
        return messages.ListWorkersResponse(
            workers=[
                worker_to_proto(worker, now, page.loads.get(worker.id, 0.0))
                for worker in page.workers
            ],
            next_page_token=page.next_page_token,
        )
