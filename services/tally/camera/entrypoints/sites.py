"""The site contract's methods: each translates, has one use case run, translates back."""

from dataclasses import dataclass

from tally.api.camera.v1 import site_service_pb2 as messages
from tally.api.camera.v1.site_service_pb2_grpc import SiteServiceServicer
from tally.camera.application.command.create_site import CreateSite
from tally.camera.application.command.delete_site import DeleteSite
from tally.camera.application.command.update_site import UpdateSite
from tally.camera.application.query.get_site import GetSite
from tally.camera.application.query.list_sites import ListSites
from tally.camera.domain.ports import UnitOfWork
from tally.camera.entrypoints.servicer import CREATED
from tally.camera.mapping.sites import site_revision, site_spec_from_proto, site_to_proto
from tally.kernel.grpc.access import current_principal, current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest
from tally.kernel.message_bus import MessageBus


@dataclass(frozen=True, slots=True)
class SiteServicer(SiteServiceServicer):
    """Serves `tally.api.camera.v1.SiteService`."""

    use_cases: MessageBus[UnitOfWork]

    async def CreateSite(  # noqa: N802 - gRPC's name
        self, request: messages.CreateSiteRequest, context: ServicerContext
    ) -> messages.CreateSiteResponse:
        """Create a site."""
        command = CreateSite(
            spec=site_spec_from_proto(request.site),
            request=CreateRequest.of(request, request.request_id, current_principal().subject),
        )
        site = await self.use_cases.execute(command)
        await context.send_initial_metadata(CREATED)
        return messages.CreateSiteResponse(site=site_to_proto(site))

    async def GetSite(  # noqa: N802 - gRPC's name
        self, request: messages.GetSiteRequest, context: ServicerContext
    ) -> messages.GetSiteResponse:
        """Return one site."""
        query = GetSite(site_id=request.site_id.lower(), sites=current_sites())
        site = await self.use_cases.execute(query)
        return messages.GetSiteResponse(site=site_to_proto(site))

    async def ListSites(  # noqa: N802 - gRPC's name
        self, request: messages.ListSitesRequest, context: ServicerContext
    ) -> messages.ListSitesResponse:
        """List sites by name, a page at a time."""
        query = ListSites(
            page_size=request.page_size, token=request.page_token, sites=current_sites()
        )
        page = await self.use_cases.execute(query)
        return messages.ListSitesResponse(
            sites=map(site_to_proto, page.sites), next_page_token=page.next_page_token
        )

    async def UpdateSite(  # noqa: N802 - gRPC's name
        self, request: messages.UpdateSiteRequest, context: ServicerContext
    ) -> messages.UpdateSiteResponse:
        """Change the fields that the mask names."""
        wanted = request.site
        command = UpdateSite(
            site_id=wanted.id.lower(),
            revise=site_revision(wanted, request.update_mask.paths),
            etag=wanted.etag,
            sites=current_sites(),
        )
        site = await self.use_cases.execute(command)
        return messages.UpdateSiteResponse(site=site_to_proto(site))

    async def DeleteSite(  # noqa: N802 - gRPC's name
        self, request: messages.DeleteSiteRequest, context: ServicerContext
    ) -> messages.DeleteSiteResponse:
        """Delete a site."""
        command = DeleteSite(site_id=request.site_id.lower(), etag=request.etag)
        await self.use_cases.execute(command)
        return messages.DeleteSiteResponse()
