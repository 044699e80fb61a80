"""The methods that manage service accounts and their keys."""

from dataclasses import dataclass

from tally.api.auth.v1 import service_account_service_pb2 as messages
from tally.api.auth.v1.service_account_service_pb2_grpc import ServiceAccountServiceServicer
from tally.auth.application.command.create_api_key import CreateApiKey
from tally.auth.application.command.create_service_account import CreateServiceAccount
from tally.auth.application.command.delete_service_account import DeleteServiceAccount
from tally.auth.application.command.revoke_api_key import RevokeApiKey
from tally.auth.application.command.update_service_account import UpdateServiceAccount
from tally.auth.application.query.get_service_account import GetServiceAccount
from tally.auth.application.query.list_api_keys import ListApiKeys
from tally.auth.application.query.list_service_accounts import ListServiceAccounts
from tally.auth.entrypoints.caller import own_grants
from tally.auth.entrypoints.status import CREATED
from tally.auth.mapping.roles import bindings_from_proto
from tally.auth.mapping.service_accounts import (
    account_change_from_proto,
    account_to_proto,
    key_to_proto,
    new_key_from_proto,
)
from tally.kernel.grpc.access import current_principal
from tally.kernel.grpc.call import ServicerContext
from tally.kernel.idempotency import CreateRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountServicer(ServiceAccountServiceServicer):
    """Serves `tally.api.auth.v1.ServiceAccountService`."""

    create_service_account: CreateServiceAccount
    get_service_account: GetServiceAccount
    list_service_accounts: ListServiceAccounts
    update_service_account: UpdateServiceAccount
    delete_service_account: DeleteServiceAccount
    create_api_key: CreateApiKey
    list_api_keys: ListApiKeys
    revoke_api_key: RevokeApiKey

    async def CreateServiceAccount(  # noqa: N802 - gRPC's name
        self, request: messages.CreateServiceAccountRequest, context: ServicerContext
    ) -> messages.CreateServiceAccountResponse:
        """Create an account without keys."""
        wanted = request.service_account
        account = await self.create_service_account(
            wanted.name,
            bindings_from_proto(wanted.role_bindings),
            own_grants(),
            CreateRequest.of(request, request.request_id, current_principal().subject),
        )
        await context.send_initial_metadata(CREATED)
        return messages.CreateServiceAccountResponse(service_account=account_to_proto(account))

    async def GetServiceAccount(  # noqa: N802 - gRPC's name
        self, request: messages.GetServiceAccountRequest, context: ServicerContext
    ) -> messages.GetServiceAccountResponse:
        """Return one account."""
        account = await self.get_service_account(request.service_account_id)
        return messages.GetServiceAccountResponse(service_account=account_to_proto(account))

    async def ListServiceAccounts(  # noqa: N802 - gRPC's name
        self, request: messages.ListServiceAccountsRequest, context: ServicerContext
    ) -> messages.ListServiceAccountsResponse:
        """List accounts by name, a page at a time."""
        page = await self.list_service_accounts(request.page_size, request.page_token)
        return messages.ListServiceAccountsResponse(
            service_accounts=[account_to_proto(account) for account in page.items],
            next_page_token=page.next_page_token,
        )

    async def UpdateServiceAccount(  # noqa: N802 - gRPC's name
        self, request: messages.UpdateServiceAccountRequest, context: ServicerContext
    ) -> messages.UpdateServiceAccountResponse:
        """Change the fields that the mask names."""
        wanted = request.service_account
        change = account_change_from_proto(request)
        account = await self.update_service_account(wanted.id, change, wanted.etag, own_grants())
        return messages.UpdateServiceAccountResponse(service_account=account_to_proto(account))

    async def DeleteServiceAccount(  # noqa: N802 - gRPC's name
        self, request: messages.DeleteServiceAccountRequest, context: ServicerContext
    ) -> messages.DeleteServiceAccountResponse:
        """Delete an account with all its keys."""
        await self.delete_service_account(request.service_account_id, request.etag, own_grants())
        return messages.DeleteServiceAccountResponse()

    async def CreateApiKey(  # noqa: N802 - gRPC's name
        self, request: messages.CreateApiKeyRequest, context: ServicerContext
    ) -> messages.CreateApiKeyResponse:
        """Create a key, and show it this once."""
        key, text = await self.create_api_key(new_key_from_proto(request), own_grants())
        await context.send_initial_metadata(CREATED)
        return messages.CreateApiKeyResponse(api_key=key_to_proto(key), secret=text)

    async def ListApiKeys(  # noqa: N802 - gRPC's name
        self, request: messages.ListApiKeysRequest, context: ServicerContext
    ) -> messages.ListApiKeysResponse:
        """List the keys of an account, newest first."""
        keys = await self.list_api_keys(request.service_account_id)
        return messages.ListApiKeysResponse(api_keys=[key_to_proto(key) for key in keys])

    async def RevokeApiKey(  # noqa: N802 - gRPC's name
        self, request: messages.RevokeApiKeyRequest, context: ServicerContext
    ) -> messages.RevokeApiKeyResponse:
        """End a key."""
        await self.revoke_api_key(request.service_account_id, request.api_key_id, own_grants())
        return messages.RevokeApiKeyResponse()
