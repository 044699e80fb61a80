"""Programs that call with keys, and people who manage them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
from google.protobuf.field_mask_pb2 import FieldMask

from tally.api.auth.v1 import auth_service_pb2, role_pb2, service_account_pb2
from tally.api.auth.v1 import service_account_service_pb2 as messages
from tally.api.auth.v1.auth_service_pb2_grpc import AuthServiceStub
from tally.api.auth.v1.service_account_service_pb2_grpc import ServiceAccountServiceStub
from tally.kernel.grpc.client import connect
from tests.component.auth.calls import everywhere


@dataclass(frozen=True, slots=True)
class Token:
    """Credentials that are one access token."""

    text: str

    async def token(self) -> str:
        return self.text


async def exchange(channel: grpc.aio.Channel, key: str) -> str:
    """The access token that a key gives."""
    request = auth_service_pb2.IssueTokenRequest(api_key=key)
    return (await AuthServiceStub(channel).IssueToken(request)).access_token


@asynccontextmanager
async def calling_with(address: str, token: str) -> AsyncIterator[grpc.aio.Channel]:
    """A channel whose calls show the token."""
    async with connect(address, credentials=Token(token)) as channel:
        yield channel


class Accounts:
    """The methods that manage service accounts."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._service = ServiceAccountServiceStub(channel)

    async def create(
        self,
        name: str,
        *role_ids: str,
        bindings: tuple[role_pb2.RoleBinding, ...] = (),
        request_id: str = "",
    ) -> service_account_pb2.ServiceAccount:
        wanted = service_account_pb2.ServiceAccount(
            name=name, role_bindings=[*everywhere(*role_ids), *bindings]
        )
        request = messages.CreateServiceAccountRequest(
            service_account=wanted, request_id=request_id
        )
        return (await self._service.CreateServiceAccount(request)).service_account

    async def get(self, account_id: str) -> service_account_pb2.ServiceAccount:
        request = messages.GetServiceAccountRequest(service_account_id=account_id)
        return (await self._service.GetServiceAccount(request)).service_account

    async def page(self, size: int, token: str = "") -> messages.ListServiceAccountsResponse:
        request = messages.ListServiceAccountsRequest(page_size=size, page_token=token)
        return await self._service.ListServiceAccounts(request)

    async def update(
        self, account: service_account_pb2.ServiceAccount, *mask: str
    ) -> service_account_pb2.ServiceAccount:
        request = messages.UpdateServiceAccountRequest(
            service_account=account, update_mask=FieldMask(paths=mask)
        )
        return (await self._service.UpdateServiceAccount(request)).service_account

    async def delete(self, account_id: str, etag: str = "") -> None:
        request = messages.DeleteServiceAccountRequest(service_account_id=account_id, etag=etag)
        await self._service.DeleteServiceAccount(request)

    async def create_key(
        self, account_id: str, *scopes: str, lifetime_s: int = 0
    ) -> messages.CreateApiKeyResponse:
        request = messages.CreateApiKeyRequest(
            service_account_id=account_id, name="nightly", scopes=scopes
        )
        if lifetime_s:
            request.expire_time.GetCurrentTime()
            request.expire_time.seconds += lifetime_s
        return await self._service.CreateApiKey(request)

    async def keys(self, account_id: str) -> list[service_account_pb2.ApiKey]:
        request = messages.ListApiKeysRequest(service_account_id=account_id)
        return list((await self._service.ListApiKeys(request)).api_keys)

    async def revoke(self, account_id: str, key_id: str) -> None:
        request = messages.RevokeApiKeyRequest(service_account_id=account_id, api_key_id=key_id)
        await self._service.RevokeApiKey(request)
