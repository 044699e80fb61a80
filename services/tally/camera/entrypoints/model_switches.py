"""The model switch contract's methods: each translates, has one use case run, translates back."""

from dataclasses import dataclass

from tally.api.camera.v1 import model_switch_service_pb2 as messages
from tally.api.camera.v1.model_switch_service_pb2_grpc import ModelSwitchServiceServicer
from tally.camera.application.command.roll_back_switch import RollBackSwitch
from tally.camera.application.command.switch_model import SwitchModel
from tally.camera.application.query.get_switch import GetSwitch
from tally.camera.application.query.list_switches import ListSwitches
from tally.camera.domain.ports import UnitOfWork
from tally.camera.mapping.listing import query_from_text
from tally.camera.mapping.model_switches import summary_to_proto, switch_to_proto
from tally.kernel.grpc.access import current_principal, current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest
from tally.kernel.message_bus import MessageBus


@dataclass(frozen=True, slots=True)
class ModelSwitchServicer(ModelSwitchServiceServicer):
    """Serves `tally.api.camera.v1.ModelSwitchService`.

    Attributes:
        use_cases: Those of the context.
    """

    use_cases: MessageBus[UnitOfWork]

    async def SwitchModel(  # noqa: N802 - gRPC's name
        self, request: messages.SwitchModelRequest, context: ServicerContext
    ) -> messages.SwitchModelResponse:
        """Exchange one detector for another."""
        caller = current_principal().subject
        command = SwitchModel(
            from_detector=request.from_detector,
            to_detector=request.to_detector,
            conditions=query_from_text(request.filter, "").conditions,
            actor=caller,
            request=CreateRequest.of(request, request.request_id, caller),
            put_back_on_failure=request.put_back_on_failure,
            validate_only=request.validate_only,
            sites=current_sites(),
        )
        switch = await self.use_cases.execute(command)
        return messages.SwitchModelResponse(model_switch=switch_to_proto(switch))

    async def RollBackSwitch(  # noqa: N802 - gRPC's name
        self, request: messages.RollBackSwitchRequest, context: ServicerContext
    ) -> messages.RollBackSwitchResponse:
        """Give the former detector back."""
        command = RollBackSwitch(switch_id=request.switch_id, sites=current_sites())
        switch = await self.use_cases.execute(command)
        return messages.RollBackSwitchResponse(model_switch=switch_to_proto(switch))

    async def GetSwitch(  # noqa: N802 - gRPC's name
        self, request: messages.GetSwitchRequest, context: ServicerContext
    ) -> messages.GetSwitchResponse:
        """Return one switch."""
        query = GetSwitch(switch_id=request.switch_id, sites=current_sites())
        switch = await self.use_cases.execute(query)
        return messages.GetSwitchResponse(model_switch=switch_to_proto(switch))

    async def ListSwitches(  # noqa: N802 - gRPC's name
        self, request: messages.ListSwitchesRequest, context: ServicerContext
    ) -> messages.ListSwitchesResponse:
        """List switches, newest first, a page at a time."""
        query = ListSwitches(
            page_size=request.page_size, token=request.page_token, sites=current_sites()
        )
        page = await self.use_cases.execute(query)
        return messages.ListSwitchesResponse(
            switches=map(summary_to_proto, page.switches), next_page_token=page.next_page_token
        )
