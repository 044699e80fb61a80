"""The methods that show and end sessions."""

from dataclasses import dataclass

from tally.api.auth.v1 import session_service_pb2 as messages
from tally.api.auth.v1.session_service_pb2_grpc import SessionServiceServicer
from tally.auth.application.command.revoke_session import RevokeSession
from tally.auth.application.query.list_sessions import ListSessions
from tally.auth.domain.errors import SessionOfAnother
from tally.auth.entrypoints.caller import own_grants, own_session_id, own_user_id, user_id_of_caller
from tally.auth.mapping.sessions import session_to_proto
from tally.kernel.grpc.call import ServicerContext

_SEE = "user:read"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionServicer(SessionServiceServicer):
    """Serves `tally.api.auth.v1.SessionService`."""

    list_sessions: ListSessions
    revoke_session: RevokeSession

    async def ListSessions(  # noqa: N802 - gRPC's name
        self, request: messages.ListSessionsRequest, context: ServicerContext
    ) -> messages.ListSessionsResponse:
        """List the sessions of a user."""
        user_id = request.user_id or own_user_id()
        if user_id != user_id_of_caller() and not own_grants().include(_SEE):
            raise SessionOfAnother
        return messages.ListSessionsResponse(
            sessions=[
                session_to_proto(session, own_session_id())
                for session in await self.list_sessions(user_id)
            ]
        )

    async def RevokeSession(  # noqa: N802 - gRPC's name
        self, request: messages.RevokeSessionRequest, context: ServicerContext
    ) -> messages.RevokeSessionResponse:
        """End a session."""
        await self.revoke_session(request.session_id, user_id_of_caller(), own_grants())
        return messages.RevokeSessionResponse()
