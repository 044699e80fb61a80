"""Managing roles, within one's own permissions."""

from collections.abc import Sequence

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tally.api.auth.v1 import (
    permission_service_pb2,
    permission_service_pb2_grpc,
    role_pb2,
    role_service_pb2,
    role_service_pb2_grpc,
)
from tally.auth.domain.access import BUILT_IN, PERMISSIONS
from tests.component.auth.calls import PASSWORD, Caller, refused
from tests.component.auth.conftest import ADMIN_EMAIL, ADMIN_PASSWORD

NIGHT = "night-shift"


class Roles:
    """The contract's methods, called by somebody."""

    def __init__(self, channel: grpc.aio.Channel, caller: Caller) -> None:
        self._stub = role_service_pb2_grpc.RoleServiceStub(channel)
        self._caller = caller

    async def create(
        self, role_id: str, *permissions: str, name: str = "Night shift", request_id: str = ""
    ) -> role_pb2.Role:
        role = role_pb2.Role(id=role_id, display_name=name, permissions=permissions)
        request = role_service_pb2.CreateRoleRequest(role=role, request_id=request_id)
        return (await self._stub.CreateRole(request, metadata=self._caller.metadata)).role

    async def get(self, role_id: str) -> role_pb2.Role:
        request = role_service_pb2.GetRoleRequest(role_id=role_id)
        return (await self._stub.GetRole(request, metadata=self._caller.metadata)).role

    async def ids(self, size: int) -> Sequence[str]:
        """Ids of all roles, read so many at a time."""
        found: list[str] = []
        token = ""
        while True:
            request = role_service_pb2.ListRolesRequest(page_size=size, page_token=token)
            page = await self._stub.ListRoles(request, metadata=self._caller.metadata)
            found += [role.id for role in page.roles]
            token = page.next_page_token
            if not token:
                return found

    async def update(self, role: role_pb2.Role, *mask: str) -> role_pb2.Role:
        request = role_service_pb2.UpdateRoleRequest(role=role, update_mask=FieldMask(paths=mask))
        return (await self._stub.UpdateRole(request, metadata=self._caller.metadata)).role

    async def delete(self, role_id: str, etag: str = "") -> None:
        request = role_service_pb2.DeleteRoleRequest(role_id=role_id, etag=etag)
        await self._stub.DeleteRole(request, metadata=self._caller.metadata)


@pytest.fixture
async def root(channel: grpc.aio.Channel) -> Caller:
    return await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)


@pytest.fixture
async def roles(channel: grpc.aio.Channel, root: Caller) -> Roles:
    return Roles(channel, root)


async def test_what_a_role_permits_shows_at_the_next_login(
    channel: grpc.aio.Channel, root: Caller, roles: Roles
) -> None:
    role = await roles.create(NIGHT, "camera:read")
    await root.create("ana@example.org", NIGHT)
    ana = await Caller(channel).login("ana@example.org", PASSWORD)
    assert list((await ana.whoami()).permissions) == ["camera:read"]
    role.permissions.append("analytics:read")
    changed = await roles.update(role, "permissions")
    assert list(changed.permissions) == ["analytics:read", "camera:read"]
    assert list((await ana.whoami()).permissions) == ["camera:read"], "the token is the old one"
    await ana.login("ana@example.org", PASSWORD)
    assert list((await ana.whoami()).permissions) == ["analytics:read", "camera:read"]
    async with refused("ROLE_IN_USE"):
        await roles.delete(NIGHT)


async def test_etags_guard_changes_and_deletions(roles: Roles) -> None:
    role = await roles.create(NIGHT, "camera:read")
    changed = await roles.update(
        role_pb2.Role(id=NIGHT, display_name="Nights", etag=role.etag), "display_name"
    )
    assert (changed.display_name, list(changed.permissions)) == ("Nights", ["camera:read"])
    for stale in (roles.update(role, "display_name"), roles.delete(NIGHT, role.etag)):
        async with refused("ETAG_MISMATCH"):
            await stale
    await roles.delete(NIGHT, changed.etag)
    async with refused("ROLE_NOT_FOUND"):
        await roles.get(NIGHT)


@pytest.mark.parametrize("role_id", BUILT_IN)
async def test_the_roles_of_every_system_stay_as_they_are(roles: Roles, role_id: str) -> None:
    role = await roles.get(role_id)
    assert role.built_in
    assert set(role.permissions) == BUILT_IN[role_id][1]
    async with refused("ROLE_BUILT_IN"):
        await roles.update(role, "display_name")
    async with refused("ROLE_BUILT_IN"):
        await roles.delete(role_id)


async def test_pages_show_every_role_once(roles: Roles) -> None:
    await roles.create(NIGHT)
    assert await roles.ids(2) == await roles.ids(100) == sorted([*BUILT_IN, NIGHT])


async def test_a_repeated_request_creates_one_role(roles: Roles) -> None:
    request_id = "0190a5b2-0000-7000-8000-000000000001"
    first = await roles.create(NIGHT, request_id=request_id)
    assert await roles.create(NIGHT, request_id=request_id) == first
    async with refused("REQUEST_ID_REUSED"):
        await roles.create(NIGHT, name="Another", request_id=request_id)
    async with refused("ROLE_ID_TAKEN"):
        await roles.create(NIGHT)


async def test_nobody_makes_a_role_beyond_their_own_permissions(
    channel: grpc.aio.Channel, root: Caller, roles: Roles
) -> None:
    await root.create("admin@example.org", "admin")
    admin = Roles(channel, await Caller(channel).login("admin@example.org", PASSWORD))
    async with refused("BEYOND_OWN_PERMISSIONS"):
        await admin.create("root", "system:admin")
    role = await roles.create("auditor", "system:admin")
    async with refused("BEYOND_OWN_PERMISSIONS"):
        await admin.update(role, "display_name")
    async with refused("BEYOND_OWN_PERMISSIONS"):
        await admin.delete("auditor")


async def test_permissions_are_told_with_what_they_are_for(
    channel: grpc.aio.Channel, root: Caller
) -> None:
    stub = permission_service_pb2_grpc.PermissionServiceStub(channel)
    answer = await stub.ListPermissions(
        permission_service_pb2.ListPermissionsRequest(), metadata=root.metadata
    )
    assert {each.id: each.description for each in answer.permissions} == PERMISSIONS
