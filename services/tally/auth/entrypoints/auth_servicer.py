"""The methods that log users in and out, and the key set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tally.api.auth.v1 import auth_service_pb2 as messages
from tally.api.auth.v1 import jwks_service_pb2
from tally.api.auth.v1.auth_service_pb2_grpc import AuthServiceServicer
from tally.api.auth.v1.jwks_service_pb2_grpc import JwksServiceServicer
from tally.auth.application.command.change_password import ChangePassword
from tally.auth.application.command.issue_token import IssueToken
from tally.auth.application.command.login import Login
from tally.auth.application.command.logout import Logout
from tally.auth.application.command.logout_everywhere import LogoutEverywhere
from tally.auth.application.command.refresh import Refresh
from tally.auth.application.command.register import Register, Registrant
from tally.auth.application.command.request_password_reset import RequestPasswordReset
from tally.auth.application.command.reset_password import ResetPassword
from tally.auth.application.query.get_service_account import GetServiceAccount
from tally.auth.application.query.get_user import GetUser
from tally.auth.domain.model import ACCESS_TOKEN_LIFETIME
from tally.auth.entrypoints.caller import (
    account_id_of_caller,
    client,
    own_grants,
    own_user_id,
)
from tally.auth.entrypoints.status import CREATED
from tally.auth.mapping.resource import keys_to_proto, tokens_to_proto, user_to_proto
from tally.auth.mapping.service_accounts import account_to_proto
from tally.auth.mapping.sessions import site_permissions_to_proto
from tally.kernel.grpc.call import ServicerContext, caller_address
from tally.kernel.grpc.tokens import Jwk


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthServicer(AuthServiceServicer):
    """Serves `tally.api.auth.v1.AuthService`."""

    register: Register
    request_password_reset: RequestPasswordReset
    reset_password: ResetPassword
    login: Login
    refresh: Refresh
    logout: Logout
    logout_everywhere: LogoutEverywhere
    change_password: ChangePassword
    get_user: GetUser
    get_service_account: GetServiceAccount
    issue_token: IssueToken

    async def Register(  # noqa: N802 - gRPC's name
        self, request: messages.RegisterRequest, context: ServicerContext
    ) -> messages.RegisterResponse:
        """Create an account for the caller."""
        user = await self.register(
            Registrant(
                request.email,
                request.display_name,
                request.password,
                request.invitation,
                caller_address(context),
            )
        )
        await context.send_initial_metadata(CREATED)
        return messages.RegisterResponse(user=user_to_proto(user))

    async def RequestPasswordReset(  # noqa: N802 - gRPC's name
        self, request: messages.RequestPasswordResetRequest, context: ServicerContext
    ) -> messages.RequestPasswordResetResponse:
        """Have a token for another password sent."""
        await self.request_password_reset(request.email, caller_address(context))
        return messages.RequestPasswordResetResponse()

    async def ResetPassword(  # noqa: N802 - gRPC's name
        self, request: messages.ResetPasswordRequest, context: ServicerContext
    ) -> messages.ResetPasswordResponse:
        """Give who was sent a token another password."""
        await self.reset_password(request.token, request.new_password, caller_address(context))
        return messages.ResetPasswordResponse()

    async def Login(  # noqa: N802 - gRPC's name
        self, request: messages.LoginRequest, context: ServicerContext
    ) -> messages.LoginResponse:
        """Open a session."""
        tokens = await self.login(request.email, request.password, client(context))
        return messages.LoginResponse(tokens=tokens_to_proto(tokens))

    async def Refresh(  # noqa: N802 - gRPC's name
        self, request: messages.RefreshRequest, context: ServicerContext
    ) -> messages.RefreshResponse:
        """Give the next tokens of a session."""
        tokens = await self.refresh(request.refresh_token)
        return messages.RefreshResponse(tokens=tokens_to_proto(tokens))

    async def Logout(  # noqa: N802 - gRPC's name
        self, request: messages.LogoutRequest, context: ServicerContext
    ) -> messages.LogoutResponse:
        """End a session."""
        await self.logout(request.refresh_token)
        return messages.LogoutResponse()

    async def LogoutEverywhere(  # noqa: N802 - gRPC's name
        self, request: messages.LogoutEverywhereRequest, context: ServicerContext
    ) -> messages.LogoutEverywhereResponse:
        """End all sessions of the caller."""
        await self.logout_everywhere(own_user_id())
        return messages.LogoutEverywhereResponse()

    async def ChangePassword(  # noqa: N802 - gRPC's name
        self, request: messages.ChangePasswordRequest, context: ServicerContext
    ) -> messages.ChangePasswordResponse:
        """Give the caller another password."""
        await self.change_password(own_user_id(), request.current_password, request.new_password)
        return messages.ChangePasswordResponse()

    async def Whoami(  # noqa: N802 - gRPC's name
        self, request: messages.WhoamiRequest, context: ServicerContext
    ) -> messages.WhoamiResponse:
        """Tell the caller who they are."""
        grants = own_grants()
        answer = messages.WhoamiResponse(
            permissions=sorted(grants.everywhere),
            site_permissions=site_permissions_to_proto(grants),
        )
        account_id = account_id_of_caller()
        if account_id:
            account = await self.get_service_account(account_id)
            answer.service_account.CopyFrom(account_to_proto(account))
        else:
            answer.user.CopyFrom(user_to_proto(await self.get_user(own_user_id())))
        return answer

    async def IssueToken(  # noqa: N802 - gRPC's name
        self, request: messages.IssueTokenRequest, context: ServicerContext
    ) -> messages.IssueTokenResponse:
        """Give an access token for a key."""
        answer = messages.IssueTokenResponse(
            access_token=await self.issue_token(request.api_key, caller_address(context))
        )
        answer.access_token_lifetime.FromTimedelta(ACCESS_TOKEN_LIFETIME)
        return answer


@dataclass(frozen=True, slots=True)
class JwksServicer(JwksServiceServicer):
    """Serves `tally.api.auth.v1.JwksService`."""

    published: Callable[[], Sequence[Jwk]]

    async def GetJwks(  # noqa: N802 - gRPC's name
        self, request: jwks_service_pb2.GetJwksRequest, context: ServicerContext
    ) -> jwks_service_pb2.GetJwksResponse:
        """Return the key set."""
        return keys_to_proto(self.published())
