"""The provisioning contract's methods: each translates, has one use case run, translates back."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.api.camera.v1 import provisioning_service_pb2 as messages
from tally.api.camera.v1.provisioning_service_pb2_grpc import ProvisioningServiceServicer
from tally.camera.application.command.abandon_saga import AbandonSaga
from tally.camera.application.command.create_camera import CreateCamera
from tally.camera.application.command.provision_camera import TIMEOUT, ProvisionCamera
from tally.camera.application.command.retry_saga import RetrySaga
from tally.camera.application.query.get_saga import GetSaga
from tally.camera.application.query.list_sagas import ListSagas
from tally.camera.domain.ports import UnitOfWork
from tally.camera.entrypoints.servicer import CREATED
from tally.camera.mapping.resource import spec_from_proto
from tally.camera.mapping.sagas import saga_to_proto, state_from_proto
from tally.camera.mapping.values import credentials_from_proto
from tally.kernel.grpc.access import current_principal, current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest
from tally.kernel.message_bus import MessageBus


@dataclass(frozen=True, slots=True)
class ProvisioningServicer(ProvisioningServiceServicer):
    """Serves `tally.api.camera.v1.ProvisioningService`.

    Attributes:
        use_cases: Those of the context.
        steps: Names of the saga's steps.
    """

    use_cases: MessageBus[UnitOfWork]
    steps: Sequence[str]

    async def ProvisionCamera(  # noqa: N802 - gRPC's name
        self, request: messages.ProvisionCameraRequest, context: ServicerContext
    ) -> messages.ProvisionCameraResponse:
        """Create a camera and begin the saga that follows it."""
        command = ProvisionCamera(
            camera=CreateCamera(
                spec=spec_from_proto(request.camera),
                credentials=credentials_from_proto(request.camera.stream.credentials),
                sites=current_sites(),
            ),
            timeout=request.timeout.ToTimedelta() if request.HasField("timeout") else TIMEOUT,
            request=CreateRequest.of(request, request.request_id, current_principal().subject),
        )
        saga = await self.use_cases.execute(command)
        await context.send_initial_metadata(CREATED)
        return messages.ProvisionCameraResponse(saga=saga_to_proto(saga, self.steps))

    async def GetSaga(  # noqa: N802 - gRPC's name
        self, request: messages.GetSagaRequest, context: ServicerContext
    ) -> messages.GetSagaResponse:
        """Return one saga."""
        query = GetSaga(saga_id=request.saga_id, sites=current_sites())
        saga = await self.use_cases.execute(query)
        return messages.GetSagaResponse(saga=saga_to_proto(saga, self.steps))

    async def ListSagas(  # noqa: N802 - gRPC's name
        self, request: messages.ListSagasRequest, context: ServicerContext
    ) -> messages.ListSagasResponse:
        """List sagas, newest first, a page at a time."""
        query = ListSagas(
            state=state_from_proto(request.state),
            page_size=request.page_size,
            token=request.page_token,
            sites=current_sites(),
        )
        page = await self.use_cases.execute(query)
        return messages.ListSagasResponse(
            sagas=[saga_to_proto(saga, self.steps) for saga in page.sagas],
            next_page_token=page.next_page_token,
        )

    async def RetrySaga(  # noqa: N802 - gRPC's name
        self, request: messages.RetrySagaRequest, context: ServicerContext
    ) -> messages.RetrySagaResponse:
        """Have a parked saga go on."""
        command = RetrySaga(saga_id=request.saga_id, sites=current_sites())
        saga = await self.use_cases.execute(command)
        return messages.RetrySagaResponse(saga=saga_to_proto(saga, self.steps))

    async def AbandonSaga(  # noqa: N802 - gRPC's name
        self, request: messages.AbandonSagaRequest, context: ServicerContext
    ) -> messages.AbandonSagaResponse:
        """End a parked saga as it is."""
        command = AbandonSaga(saga_id=request.saga_id, sites=current_sites())
        saga = await self.use_cases.execute(command)
        return messages.AbandonSagaResponse(saga=saga_to_proto(saga, self.steps))
