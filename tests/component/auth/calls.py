"""Calls of the auth contract."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tally.api.auth.v1 import (
    auth_service_pb2,
    auth_service_pb2_grpc,
    role_pb2,
    user_pb2,
    user_service_pb2,
    user_service_pb2_grpc,
)
from tests.passwords import GIVEN, choose_password

PASSWORD = "nine green lanterns"


def everywhere(*role_ids: str) -> list[role_pb2.RoleBinding]:
    """Bindings of roles without regard to sites."""
    return [role_pb2.RoleBinding(role_id=each) for each in role_ids]


def roles(user: user_pb2.User) -> list[str]:
    """The ids of the user's roles."""
    return [binding.role_id for binding in user.role_bindings]


class Caller:
    """The contract's methods, called with an access token."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        self._auth = auth_service_pb2_grpc.AuthServiceStub(channel)
        self._users = user_service_pb2_grpc.UserServiceStub(channel)
        self.tokens = auth_service_pb2.Tokens()

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.tokens.access_token}"),)

    async def login(self, email: str, password: str) -> "Caller":
        request = auth_service_pb2.LoginRequest(email=email, password=password)
        self.tokens = (await self._auth.Login(request)).tokens
        return self

    async def refresh(self, refresh_token: str) -> auth_service_pb2.Tokens:
        request = auth_service_pb2.RefreshRequest(refresh_token=refresh_token)
        return (await self._auth.Refresh(request)).tokens

    async def logout(self) -> None:
        await self._auth.Logout(
            auth_service_pb2.LogoutRequest(refresh_token=self.tokens.refresh_token)
        )

    async def logout_everywhere(self) -> None:
        request = auth_service_pb2.LogoutEverywhereRequest()
        await self._auth.LogoutEverywhere(request, metadata=self.metadata)

    async def change_password(self, current: str, new: str) -> None:
        request = auth_service_pb2.ChangePasswordRequest(current_password=current, new_password=new)
        await self._auth.ChangePassword(request, metadata=self.metadata)

    async def whoami(self) -> auth_service_pb2.WhoamiResponse:
        return await self._auth.Whoami(auth_service_pb2.WhoamiRequest(), metadata=self.metadata)

    async def create(self, email: str, *role_ids: str) -> user_pb2.User:
        """A user who has chosen `PASSWORD`."""
        user = await self.create_given(email, *role_ids)
        await choose_password(self._channel, email, GIVEN, PASSWORD)
        return await self.get(user.id)

    async def create_given(self, email: str, *role_ids: str) -> user_pb2.User:
        """A user with the password `GIVEN`, which is not their own."""
        user = user_pb2.User(
            email=email, display_name="Somebody", role_bindings=everywhere(*role_ids)
        )
        request = user_service_pb2.CreateUserRequest(user=user, password=GIVEN)
        return (await self._users.CreateUser(request, metadata=self.metadata)).user

    async def get(self, user_id: str) -> user_pb2.User:
        request = user_service_pb2.GetUserRequest(user_id=user_id)
        return (await self._users.GetUser(request, metadata=self.metadata)).user

    async def page(self, size: int, token: str = "") -> user_service_pb2.ListUsersResponse:
        request = user_service_pb2.ListUsersRequest(page_size=size, page_token=token)
        return await self._users.ListUsers(request, metadata=self.metadata)

    async def update(self, user: user_pb2.User, *mask: str) -> user_pb2.User:
        request = user_service_pb2.UpdateUserRequest(user=user, update_mask=FieldMask(paths=mask))
        return (await self._users.UpdateUser(request, metadata=self.metadata)).user

    async def delete(self, user_id: str) -> None:
        request = user_service_pb2.DeleteUserRequest(user_id=user_id)
        await self._users.DeleteUser(request, metadata=self.metadata)


@asynccontextmanager
async def refused(reason: str) -> AsyncIterator[None]:
    """The block's call is refused for this reason."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        yield
    status = rpc_status.from_call(failure.value)  # type: ignore[arg-type]  # the stubs know the sync call only
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    assert info.reason == reason


async def outcome(call: Awaitable[object]) -> grpc.StatusCode:
    """How a call ends."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK
