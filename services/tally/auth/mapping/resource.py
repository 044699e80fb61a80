"""The user resource, tokens and keys."""

from collections.abc import Iterable

from tally.api.auth.v1 import auth_service_pb2, jwks_service_pb2, user_pb2, user_service_pb2
from tally.auth.application.command.create_user import NewUser
from tally.auth.domain.access import Role
from tally.auth.domain.model import ACCESS_TOKEN_LIFETIME, Tokens, User, UserChange
from tally.kernel.grpc.tokens import Jwk

_ROLE_TO_PROTO = {
    Role.SUPER_ADMIN: user_pb2.ROLE_SUPER_ADMIN,
    Role.ADMIN: user_pb2.ROLE_ADMIN,
    Role.OPERATOR: user_pb2.ROLE_OPERATOR,
    Role.VIEWER: user_pb2.ROLE_VIEWER,
    Role.GUEST: user_pb2.ROLE_GUEST,
}
_ROLE_FROM_PROTO = {int(number): role for role, number in _ROLE_TO_PROTO.items()}


def user_to_proto(user: User) -> user_pb2.User:
    """The whole resource; the password's hash is no part of it."""
    message = user_pb2.User(
        id=user.id,
        email=user.email,
        display_name=user.display_name,
        roles=sorted(_ROLE_TO_PROTO[role] for role in user.roles),
        disabled=user.disabled,
        etag=user.etag,
    )
    message.create_time.FromDatetime(user.create_time)
    message.update_time.FromDatetime(user.update_time)
    return message


def new_user_from_proto(request: user_service_pb2.CreateUserRequest) -> NewUser:
    """What a user is to be."""
    wanted = request.user
    return NewUser(wanted.email, wanted.display_name, _roles(wanted.roles), request.password)


def change_from_proto(request: user_service_pb2.UpdateUserRequest) -> UserChange:
    """The fields that the mask names."""
    wanted, masked = request.user, set(request.update_mask.paths)
    return UserChange(
        display_name=wanted.display_name if "display_name" in masked else None,
        roles=_roles(wanted.roles) if "roles" in masked else None,
        disabled=wanted.disabled if "disabled" in masked else None,
    )


def tokens_to_proto(tokens: Tokens) -> auth_service_pb2.Tokens:
    """What a session gives out."""
    message = auth_service_pb2.Tokens(
        access_token=tokens.access_token, refresh_token=tokens.refresh_token
    )
    message.access_token_lifetime.FromTimedelta(ACCESS_TOKEN_LIFETIME)
    return message


def keys_to_proto(keys: Iterable[Jwk]) -> jwks_service_pb2.GetJwksResponse:
    """The key set."""
    return jwks_service_pb2.GetJwksResponse(
        keys=[jwks_service_pb2.JsonWebKey(**key) for key in keys]
    )


def _roles(numbers: Iterable[int]) -> frozenset[Role]:
    return frozenset(_ROLE_FROM_PROTO[number] for number in numbers)
