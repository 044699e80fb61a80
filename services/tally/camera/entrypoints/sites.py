"""The site contract's methods: each translates, runs one use case, translates back."""

from dataclasses import dataclass

from tally.api.camera.v1 import site_service_pb2 as messages
from tally.api.camera.v1.site_service_pb2_grpc import SiteServiceServicer
from tally.camera.application.command.create_site import CreateSite
from tally.camera.application.command.delete_site import DeleteSite
from tally.camera.application.command.update_site import UpdateSite
from tally.camera.application.query.get_site import GetSite
from tally.camera.application.query.list_sites import ListSites
from tally.camera.entrypoints.servicer import CREATED
from tally.camera.mapping.sites import site_revision, site_spec_from_proto, site_to_proto
from tally.kernel.grpc.access import current_principal, current_sites
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteServicer(SiteServiceServicer):
    """Serves `tally.api.camera.v1.SiteService`."""

    create_site: CreateSite
    get_site: GetSite
    list_sites: ListSites
    update_site: UpdateSite
    delete_site: DeleteSite

    async def CreateSite(  # noqa: N802 - gRPC's name
        self, request: messages.CreateSiteRequest, context: ServicerContext
    ) -> messages.CreateSiteResponse:
        """Create a site."""
        asked = CreateRequest.of(request, request.request_id, current_principal().subject)
        site = await self.create_site(site_spec_from_proto(request.site), asked)
        await context.send_initial_metadata(CREATED)
        return messages.CreateSiteResponse(site=site_to_proto(site))

    async def GetSite(  # noqa: N802 - gRPC's name
        self, request: messages.GetSiteRequest, context: ServicerContext
    ) -> messages.GetSiteResponse:
        """Return one site."""
        site = await self.get_site(request.site_id.lower(), sites=current_sites())
        return messages.GetSiteResponse(site=site_to_proto(site))

    async def ListSites(  # noqa: N802 - gRPC's name
        self, request: messages.ListSitesRequest, context: ServicerContext
    ) -> messages.ListSitesResponse:
        """List sites by name, a page at a time."""
        page = await self.list_sites(request.page_size, request.page_token, sites=current_sites())
        return messages.ListSitesResponse(
            sites=map(site_to_proto, page.sites), next_page_token=page.next_page_token
        )

    async def UpdateSite(  # noqa: N802 - gRPC's name
        self, request: messages.UpdateSiteRequest, context: ServicerContext
    ) -> messages.UpdateSiteResponse:
        """Change the fields that the mask names."""
        wanted = request.site
        site = await self.update_site(
            wanted.id.lower(),
            site_revision(wanted, request.update_mask.paths),
            wanted.etag,
            sites=current_sites(),
        )
        return messages.UpdateSiteResponse(site=site_to_proto(site))

    async def DeleteSite(  # noqa: N802 - gRPC's name
        self, request: messages.DeleteSiteRequest, context: ServicerContext
    ) -> messages.DeleteSiteResponse:
        """Delete a site."""
        await self.delete_site(request.site_id.lower(), request.etag)
        return messages.DeleteSiteResponse()
