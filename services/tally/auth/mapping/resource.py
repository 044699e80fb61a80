"""The user resource, tokens and keys."""

from collections.abc import Iterable

from tally.api.auth.v1 import (
    auth_service_pb2,
    jwks_service_pb2,
    user_pb2,
    user_service_pb2,
)
from tally.auth.application.command.create_user import NewUser
from tally.auth.domain.model import ACCESS_TOKEN_LIFETIME, Tokens, User, UserChange
from tally.auth.mapping.roles import bindings_from_proto, bindings_to_proto
from tally.kernel.grpc.tokens import Jwk


def user_to_proto(user: User) -> user_pb2.User:
    """The whole resource; the password's hash is no part of it."""
    message = user_pb2.User(
        id=user.id,
        email=user.email,
        display_name=user.display_name,
        role_bindings=bindings_to_proto(user.role_bindings),
        disabled=user.disabled,
        password_change_required=user.password_change_required,
        etag=user.etag,
    )
    message.create_time.FromDatetime(user.create_time)
    message.update_time.FromDatetime(user.update_time)
    return message


def new_user_from_proto(request: user_service_pb2.CreateUserRequest) -> NewUser:
    """What a user is to be."""
    wanted = request.user
    return NewUser(
        wanted.email,
        wanted.display_name,
        bindings_from_proto(wanted.role_bindings),
        request.password,
    )


def change_from_proto(request: user_service_pb2.UpdateUserRequest) -> UserChange:
    """The fields that the mask names."""
    wanted, masked = request.user, set(request.update_mask.paths)
    return UserChange(
        display_name=wanted.display_name if "display_name" in masked else None,
        role_bindings=(
            bindings_from_proto(wanted.role_bindings) if "role_bindings" in masked else None
        ),
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
