"""The methods that manage users."""

from dataclasses import dataclass

from tally.api.auth.v1 import user_service_pb2 as messages
from tally.api.auth.v1.user_service_pb2_grpc import UserServiceServicer
from tally.auth.application.command.create_user import CreateUser
from tally.auth.application.command.delete_user import DeleteUser
from tally.auth.application.command.invite_user import InviteUser
from tally.auth.application.command.update_user import UpdateUser
from tally.auth.application.query.get_user import GetUser
from tally.auth.application.query.list_users import ListUsers
from tally.auth.entrypoints.caller import own_grants
from tally.auth.entrypoints.status import CREATED
from tally.auth.mapping.resource import change_from_proto, new_user_from_proto, user_to_proto
from tally.auth.mapping.roles import bindings_from_proto
from tally.kernel.grpc.access import current_principal
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class UserServicer(UserServiceServicer):
    """Serves `tally.api.auth.v1.UserService`."""

    create_user: CreateUser
    invite_user: InviteUser
    get_user: GetUser
    list_users: ListUsers
    update_user: UpdateUser
    delete_user: DeleteUser

    async def CreateUser(  # noqa: N802 - gRPC's name
        self, request: messages.CreateUserRequest, context: ServicerContext
    ) -> messages.CreateUserResponse:
        """Create a user."""
        user = await self.create_user(
            new_user_from_proto(request),
            own_grants(),
            CreateRequest.of(request, request.request_id, current_principal().subject),
        )
        await context.send_initial_metadata(CREATED)
        return messages.CreateUserResponse(user=user_to_proto(user))

    async def InviteUser(  # noqa: N802 - gRPC's name
        self, request: messages.InviteUserRequest, context: ServicerContext
    ) -> messages.InviteUserResponse:
        """Invite somebody to register."""
        bindings = bindings_from_proto(request.role_bindings)
        ends = await self.invite_user(request.email, bindings, own_grants())
        answer = messages.InviteUserResponse()
        answer.expire_time.FromDatetime(ends)
        return answer

    async def GetUser(  # noqa: N802 - gRPC's name
        self, request: messages.GetUserRequest, context: ServicerContext
    ) -> messages.GetUserResponse:
        """Return one user."""
        user = await self.get_user(request.user_id)
        return messages.GetUserResponse(user=user_to_proto(user))

    async def ListUsers(  # noqa: N802 - gRPC's name
        self, request: messages.ListUsersRequest, context: ServicerContext
    ) -> messages.ListUsersResponse:
        """List users by address, a page at a time."""
        page = await self.list_users(request.page_size, request.page_token)
        return messages.ListUsersResponse(
            users=[user_to_proto(user) for user in page.items],
            next_page_token=page.next_page_token,
        )

    async def UpdateUser(  # noqa: N802 - gRPC's name
        self, request: messages.UpdateUserRequest, context: ServicerContext
    ) -> messages.UpdateUserResponse:
        """Change the fields that the mask names."""
        change = change_from_proto(request)
        wanted = request.user
        user = await self.update_user(wanted.id, change, wanted.etag, own_grants())
        return messages.UpdateUserResponse(user=user_to_proto(user))

    async def DeleteUser(  # noqa: N802 - gRPC's name
        self, request: messages.DeleteUserRequest, context: ServicerContext
    ) -> messages.DeleteUserResponse:
        """Delete a user."""
        await self.delete_user(request.user_id, request.etag, own_grants())
        return messages.DeleteUserResponse()
