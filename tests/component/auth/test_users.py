"""Managing users, within one's own permissions."""

import asyncio

import grpc
import pytest

from tally.api.auth.v1 import user_pb2
from tests.component.auth.calls import PASSWORD, Caller, everywhere, outcome, refused, roles
from tests.component.auth.conftest import ADMIN_EMAIL, ADMIN_PASSWORD

SUPER_ADMIN, ADMIN, VIEWER = "super-admin", "admin", "viewer"


@pytest.fixture
async def root(channel: grpc.aio.Channel) -> Caller:
    return await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)


async def test_a_user_is_created_read_and_deleted(root: Caller, channel: grpc.aio.Channel) -> None:
    user = await root.create("Viewer@Example.org", VIEWER)
    assert (user.email, roles(user)) == ("viewer@example.org", [VIEWER])
    assert await root.get(user.id) == user
    viewer = await Caller(channel).login("viewer@example.org", PASSWORD)
    assert list((await viewer.whoami()).permissions) == ["analytics:read", "camera:read"]
    async with refused("EMAIL_TAKEN"):
        await root.create("viewer@example.ORG", VIEWER)
    await root.delete(user.id)
    async with refused("USER_NOT_FOUND"):
        await root.get(user.id)
    async with refused("REFRESH_TOKEN_INVALID"):
        await viewer.refresh(viewer.tokens.refresh_token)


async def test_pages_show_every_user_once(root: Caller) -> None:
    for name in ("b", "c", "d"):
        await root.create(f"{name}@example.org")
    emails, token = [], ""
    while True:
        page = await root.page(2, token)
        emails += [user.email for user in page.users]
        token = page.next_page_token
        if not token:
            break
    assert emails == [ADMIN_EMAIL, "b@example.org", "c@example.org", "d@example.org"]


async def test_only_masked_fields_change_and_etags_guard_them(root: Caller) -> None:
    user = await root.create("b@example.org", VIEWER)
    wanted = user_pb2.User(id=user.id, display_name="Bea", etag=user.etag)
    changed = await root.update(wanted, "display_name")
    assert (changed.display_name, roles(changed)) == ("Bea", [VIEWER])
    async with refused("ETAG_MISMATCH"):
        await root.update(wanted, "display_name")
    assert await outcome(root.update(wanted, "email")) is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_disabled_are_out_at_once(root: Caller, channel: grpc.aio.Channel) -> None:
    user = await root.create("b@example.org", VIEWER)
    viewer = await Caller(channel).login("b@example.org", PASSWORD)
    await root.update(user_pb2.User(id=user.id, disabled=True), "disabled")
    async with refused("REFRESH_TOKEN_INVALID"):
        await viewer.refresh(viewer.tokens.refresh_token)
    async with refused("CREDENTIALS_WRONG"):
        await viewer.login("b@example.org", PASSWORD)


async def test_admins_make_nobody_a_super_admin(root: Caller, channel: grpc.aio.Channel) -> None:
    me = await root.create("admin@example.org", ADMIN)
    admin = await Caller(channel).login("admin@example.org", PASSWORD)
    async with refused("BEYOND_OWN_PERMISSIONS"):
        await admin.create("other@example.org", SUPER_ADMIN)
    async with refused("BEYOND_OWN_PERMISSIONS"):
        await admin.update(
            user_pb2.User(id=me.id, role_bindings=everywhere(SUPER_ADMIN)), "role_bindings"
        )
    first = (await root.whoami()).user.id
    async with refused("BEYOND_OWN_PERMISSIONS"):
        await admin.update(user_pb2.User(id=first, display_name="Nobody"), "display_name")
    async with refused("BEYOND_OWN_PERMISSIONS"):
        await admin.delete(first)


async def test_the_last_super_admin_stays(root: Caller) -> None:
    first = (await root.whoami()).user.id
    for change, field in (
        (user_pb2.User(id=first, role_bindings=everywhere(ADMIN)), "role_bindings"),
        (user_pb2.User(id=first, disabled=True), "disabled"),
    ):
        async with refused("LAST_SUPER_ADMIN"):
            await root.update(change, field)
    async with refused("LAST_SUPER_ADMIN"):
        await root.delete(first)


async def test_of_two_super_admins_who_go_at_once_one_stays(root: Caller) -> None:
    first = (await root.whoami()).user.id
    second = (await root.create("second@example.org", SUPER_ADMIN)).id
    ends = await asyncio.gather(outcome(root.delete(first)), outcome(root.delete(second)))
    assert sorted(end.name for end in ends) == ["FAILED_PRECONDITION", "OK"]
