"""Puts the servicers together from their use cases, and those from their ports."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import grpc

from tally.api.auth.v1.audit_service_pb2_grpc import add_AuditServiceServicer_to_server
from tally.api.auth.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from tally.api.auth.v1.jwks_service_pb2_grpc import add_JwksServiceServicer_to_server
from tally.api.auth.v1.permission_service_pb2_grpc import add_PermissionServiceServicer_to_server
from tally.api.auth.v1.role_service_pb2_grpc import add_RoleServiceServicer_to_server
from tally.api.auth.v1.service_account_service_pb2_grpc import (
    add_ServiceAccountServiceServicer_to_server,
)
from tally.api.auth.v1.session_service_pb2_grpc import add_SessionServiceServicer_to_server
from tally.api.auth.v1.user_service_pb2_grpc import add_UserServiceServicer_to_server
from tally.auth.adapters.access_tokens import JwtAccessTokens, key_set
from tally.auth.application.command.change_password import ChangePassword
from tally.auth.application.command.create_api_key import CreateApiKey
from tally.auth.application.command.create_role import CreateRole
from tally.auth.application.command.create_service_account import CreateServiceAccount
from tally.auth.application.command.create_user import CreateUser
from tally.auth.application.command.delete_role import DeleteRole
from tally.auth.application.command.delete_service_account import DeleteServiceAccount
from tally.auth.application.command.delete_user import DeleteUser
from tally.auth.application.command.invite_user import InviteUser
from tally.auth.application.command.issue_token import IssueToken
from tally.auth.application.command.login import Login
from tally.auth.application.command.logout import Logout
from tally.auth.application.command.logout_everywhere import LogoutEverywhere
from tally.auth.application.command.refresh import Refresh
from tally.auth.application.command.register import Register, Registration
from tally.auth.application.command.request_password_reset import RequestPasswordReset
from tally.auth.application.command.reset_password import ResetPassword
from tally.auth.application.command.revoke_api_key import RevokeApiKey
from tally.auth.application.command.revoke_session import RevokeSession
from tally.auth.application.command.update_role import UpdateRole
from tally.auth.application.command.update_service_account import UpdateServiceAccount
from tally.auth.application.command.update_user import UpdateUser
from tally.auth.application.key_ring import KeyRing
from tally.auth.application.query.get_role import GetRole
from tally.auth.application.query.get_service_account import GetServiceAccount
from tally.auth.application.query.get_user import GetUser
from tally.auth.application.query.list_api_keys import ListApiKeys
from tally.auth.application.query.list_audit_entries import ListAuditEntries
from tally.auth.application.query.list_roles import ListRoles
from tally.auth.application.query.list_service_accounts import ListServiceAccounts
from tally.auth.application.query.list_sessions import ListSessions
from tally.auth.application.query.list_users import ListUsers
from tally.auth.application.query.verify_audit_log import VerifyAuditLog
from tally.auth.application.throttle import Throttle
from tally.auth.domain.ports import Begin, Passwords
from tally.auth.entrypoints.audit_servicer import AuditServicer
from tally.auth.entrypoints.auth_servicer import AuthServicer, JwksServicer
from tally.auth.entrypoints.role_servicer import PermissionServicer, RoleServicer
from tally.auth.entrypoints.service_account_servicer import ServiceAccountServicer
from tally.auth.entrypoints.session_servicer import SessionServicer
from tally.auth.entrypoints.user_servicer import UserServicer
from tally.kernel.clock import Clock
from tally.kernel.grpc.tokens import Jwk
from tally.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Ports:
    """What the use cases share."""

    begin: Begin
    clock: Clock
    passwords: Passwords
    key_ring: KeyRing
    registration: Registration

    def published_keys(self) -> Sequence[Jwk]:
        """The public halves of the signing keys."""
        return key_set(self.key_ring.keys)


def register(server: grpc.aio.Server, ports: Ports) -> None:
    """Add every service of the context."""
    add_AuthServiceServicer_to_server(_auth(ports), server)
    add_UserServiceServicer_to_server(_users(ports), server)
    add_RoleServiceServicer_to_server(_roles(ports), server)
    add_PermissionServiceServicer_to_server(PermissionServicer(), server)
    add_ServiceAccountServiceServicer_to_server(_service_accounts(ports), server)
    add_SessionServiceServicer_to_server(_sessions(ports), server)
    add_AuditServiceServicer_to_server(_audit(ports), server)
    add_JwksServiceServicer_to_server(JwksServicer(ports.published_keys), server)


def _auth(ports: Ports) -> AuthServicer:
    begin, clock = ports.begin, ports.clock
    throttle = Throttle(begin, clock)
    tokens = JwtAccessTokens(ports.key_ring, clock)
    secret = secrets.token_urlsafe
    return AuthServicer(
        register=Register(begin, clock, throttle, ports.passwords, new_id, ports.registration),
        request_password_reset=RequestPasswordReset(begin, clock, throttle, secret),
        reset_password=ResetPassword(begin, clock, throttle, ports.passwords),
        login=Login(begin, clock, throttle, ports.passwords, tokens, new_id, secret),
        refresh=Refresh(begin, clock, tokens, secret),
        logout=Logout(begin),
        logout_everywhere=LogoutEverywhere(begin),
        change_password=ChangePassword(begin, clock, throttle, ports.passwords),
        issue_token=IssueToken(begin, clock, throttle, tokens),
        get_user=GetUser(begin),
        get_service_account=GetServiceAccount(begin),
    )


def _users(ports: Ports) -> UserServicer:
    begin, clock = ports.begin, ports.clock
    return UserServicer(
        create_user=CreateUser(begin, clock, ports.passwords, new_id),
        invite_user=InviteUser(begin, clock, secrets.token_urlsafe),
        get_user=GetUser(begin),
        list_users=ListUsers(begin),
        update_user=UpdateUser(begin, clock),
        delete_user=DeleteUser(begin),
    )


def _roles(ports: Ports) -> RoleServicer:
    begin, clock = ports.begin, ports.clock
    return RoleServicer(
        create_role=CreateRole(begin, clock),
        get_role=GetRole(begin),
        list_roles=ListRoles(begin),
        update_role=UpdateRole(begin, clock),
        delete_role=DeleteRole(begin),
    )


def _service_accounts(ports: Ports) -> ServiceAccountServicer:
    begin, clock = ports.begin, ports.clock
    return ServiceAccountServicer(
        create_service_account=CreateServiceAccount(begin, clock, new_id),
        get_service_account=GetServiceAccount(begin),
        list_service_accounts=ListServiceAccounts(begin),
        update_service_account=UpdateServiceAccount(begin, clock),
        delete_service_account=DeleteServiceAccount(begin),
        create_api_key=CreateApiKey(begin, clock, new_id, secrets.token_urlsafe),
        list_api_keys=ListApiKeys(begin),
        revoke_api_key=RevokeApiKey(begin),
    )


def _sessions(ports: Ports) -> SessionServicer:
    return SessionServicer(
        list_sessions=ListSessions(ports.begin, ports.clock),
        revoke_session=RevokeSession(ports.begin),
    )


def _audit(ports: Ports) -> AuditServicer:
    return AuditServicer(
        list_audit_entries=ListAuditEntries(ports.begin),
        verify_audit_log=VerifyAuditLog(ports.begin),
    )
