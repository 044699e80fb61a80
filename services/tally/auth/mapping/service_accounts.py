"""Service accounts and their keys."""

from datetime import UTC

from tally.api.auth.v1 import service_account_pb2, service_account_service_pb2
from tally.auth.application.command.create_api_key import NewApiKey
from tally.auth.domain.service_accounts import ApiKey, ServiceAccount, ServiceAccountChange
from tally.auth.mapping.roles import bindings_from_proto, bindings_to_proto


def account_to_proto(account: ServiceAccount) -> service_account_pb2.ServiceAccount:
    """The whole resource."""
    message = service_account_pb2.ServiceAccount(
        id=account.id,
        name=account.name,
        role_bindings=bindings_to_proto(account.role_bindings),
        disabled=account.disabled,
        etag=account.etag,
    )
    message.create_time.FromDatetime(account.create_time)
    message.update_time.FromDatetime(account.update_time)
    return message


def account_change_from_proto(
    request: service_account_service_pb2.UpdateServiceAccountRequest,
) -> ServiceAccountChange:
    """The fields that the mask names."""
    wanted, masked = request.service_account, set(request.update_mask.paths)
    return ServiceAccountChange(
        name=wanted.name if "name" in masked else None,
        role_bindings=(
            bindings_from_proto(wanted.role_bindings) if "role_bindings" in masked else None
        ),
        disabled=wanted.disabled if "disabled" in masked else None,
    )


def new_key_from_proto(request: service_account_service_pb2.CreateApiKeyRequest) -> NewApiKey:
    """What a key is to be."""
    ends = request.HasField("expire_time")
    return NewApiKey(
        request.service_account_id,
        request.name,
        frozenset(request.scopes),
        request.expire_time.ToDatetime(UTC) if ends else None,
    )


def key_to_proto(key: ApiKey) -> service_account_pb2.ApiKey:
    """What is kept of a key."""
    message = service_account_pb2.ApiKey(
        id=key.id,
        service_account_id=key.service_account_id,
        name=key.name,
        prefix=key.prefix,
        scopes=sorted(key.scopes),
    )
    message.create_time.FromDatetime(key.create_time)
    if key.expire_time is not None:
        message.expire_time.FromDatetime(key.expire_time)
    if key.last_use_time is not None:
        message.last_use_time.FromDatetime(key.last_use_time)
    return message
