"""The methods that manage roles, and the list of permissions."""

from dataclasses import dataclass

from tally.api.auth.v1 import permission_service_pb2, role_pb2
from tally.api.auth.v1 import role_service_pb2 as messages
from tally.api.auth.v1.permission_service_pb2_grpc import PermissionServiceServicer
from tally.api.auth.v1.role_service_pb2_grpc import RoleServiceServicer
from tally.auth.application.command.create_role import CreateRole
from tally.auth.application.command.delete_role import DeleteRole
from tally.auth.application.command.update_role import UpdateRole
from tally.auth.application.query.get_role import GetRole
from tally.auth.application.query.list_roles import ListRoles
from tally.auth.domain.access import PERMISSIONS
from tally.auth.entrypoints.caller import own_grants
from tally.auth.entrypoints.status import CREATED
from tally.auth.mapping.roles import role_change_from_proto, role_to_proto
from tally.kernel.grpc.access import current_principal
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleServicer(RoleServiceServicer):
    """Serves `tally.api.auth.v1.RoleService`."""

    create_role: CreateRole
    get_role: GetRole
    list_roles: ListRoles
    update_role: UpdateRole
    delete_role: DeleteRole

    async def CreateRole(  # noqa: N802 - gRPC's name
        self, request: messages.CreateRoleRequest, context: ServicerContext
    ) -> messages.CreateRoleResponse:
        """Create a role."""
        wanted = request.role
        role = await self.create_role(
            wanted.id,
            wanted.display_name,
            frozenset(wanted.permissions),
            own_grants(),
            CreateRequest.of(request, request.request_id, current_principal().subject),
        )
        await context.send_initial_metadata(CREATED)
        return messages.CreateRoleResponse(role=role_to_proto(role))

    async def GetRole(  # noqa: N802 - gRPC's name
        self, request: messages.GetRoleRequest, context: ServicerContext
    ) -> messages.GetRoleResponse:
        """Return one role."""
        return messages.GetRoleResponse(role=role_to_proto(await self.get_role(request.role_id)))

    async def ListRoles(  # noqa: N802 - gRPC's name
        self, request: messages.ListRolesRequest, context: ServicerContext
    ) -> messages.ListRolesResponse:
        """List roles by id, a page at a time."""
        page = await self.list_roles(request.page_size, request.page_token)
        return messages.ListRolesResponse(
            roles=[role_to_proto(role) for role in page.items],
            next_page_token=page.next_page_token,
        )

    async def UpdateRole(  # noqa: N802 - gRPC's name
        self, request: messages.UpdateRoleRequest, context: ServicerContext
    ) -> messages.UpdateRoleResponse:
        """Change the fields that the mask names."""
        wanted = request.role
        change = role_change_from_proto(request)
        role = await self.update_role(wanted.id, change, wanted.etag, own_grants())
        return messages.UpdateRoleResponse(role=role_to_proto(role))

    async def DeleteRole(  # noqa: N802 - gRPC's name
        self, request: messages.DeleteRoleRequest, context: ServicerContext
    ) -> messages.DeleteRoleResponse:
        """Delete a role."""
        await self.delete_role(request.role_id, request.etag, own_grants())
        return messages.DeleteRoleResponse()


class PermissionServicer(PermissionServiceServicer):
    """Serves `tally.api.auth.v1.PermissionService`."""

    async def ListPermissions(  # noqa: N802 - gRPC's name
        self,
        request: permission_service_pb2.ListPermissionsRequest,
        context: ServicerContext,
    ) -> permission_service_pb2.ListPermissionsResponse:
        """List all permissions."""
        return permission_service_pb2.ListPermissionsResponse(
            permissions=[
                role_pb2.Permission(id=name, description=description)
                for name, description in sorted(PERMISSIONS.items())
            ]
        )
