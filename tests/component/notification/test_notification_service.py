"""Notifications as callers see them: real PostgreSQL and NATS behind the context's own server."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from tally.api.notification.v1 import notification_service_pb2 as messages
from tally.api.notification.v1.notification_pb2 import Notification
from tally.api.notification.v1.notification_service_pb2_grpc import NotificationServiceStub
from tally.kernel.grpc.client import connect
from tally.kernel.identity import Authenticator
from tally.kernel.migrations import differences
from tally.notification.adapters.tables import metadata
from tally.notification.bootstrap import notification_server
from tally.notification.settings import NotificationSettings
from tally.stack.nats import NatsServer
from tests.callers import Anybody, Keeper
from tests.refusals import refused, violated

if TYPE_CHECKING:
    from tally.api.notification.v1.notification_service_pb2_grpc import NotificationServiceAsyncStub

    Stub = NotificationServiceAsyncStub
else:
    Stub = Any

NORTH, SOUTH = "0190a5b2-0000-7000-8000-000000000001", "0190a5b2-0000-7000-8000-000000000002"


@pytest.fixture
def settings(database_dsn: str, nats_server: NatsServer, nats_url: str) -> NotificationSettings:
    """Settings with the context's own NATS user, who may do only what the context must."""
    return NotificationSettings(
        listen="127.0.0.1:0",
        database_url=SecretStr(database_dsn),
        nats_url=SecretStr(nats_server.url("notification")),
        shutdown_grace_s=0.2,
    )


@asynccontextmanager
async def called(settings: NotificationSettings, caller: Authenticator) -> AsyncIterator[Stub]:
    async with (
        notification_server(settings, authenticator=caller) as server,
        connect(server.address) as channel,
    ):
        yield NotificationServiceStub(channel)


@pytest.fixture
async def stub(settings: NotificationSettings) -> AsyncIterator[Stub]:
    async with called(settings, Anybody()) as stub:
        yield stub


def send(title: str = "It rains", request_id: str = "", **fields: Any) -> Any:
    return messages.SendNotificationRequest(
        notification=Notification(title=title, **fields), request_id=request_id
    )


async def listed(stub: Stub, **wanted: Any) -> list[str]:
    answer = await stub.ListNotifications(messages.ListNotificationsRequest(**wanted))
    return [notification.title for notification in answer.notifications]


async def test_what_is_sent_is_kept(stub: Stub, settings: NotificationSettings) -> None:
    sent = (await stub.SendNotification(send(body="All day.", site_id=NORTH.upper()))).notification
    assert (sent.title, sent.body, sent.site_id) == ("It rains", "All day.", NORTH)
    assert sent.sender == "user:administrator"
    assert sent.create_time.seconds
    answer = await stub.ListNotifications(messages.ListNotificationsRequest())
    assert list(answer.notifications) == [sent]
    assert await differences(settings.database_url.get_secret_value(), metadata) == []


async def test_a_repeated_request_sends_once(stub: Stub) -> None:
    request = send(request_id=str(uuid4()))
    first, again = [await stub.SendNotification(request) for _ in range(2)]
    assert first == again
    assert await listed(stub) == ["It rains"]
    request.notification.title = "It snows"
    assert (await refused(stub.SendNotification(request)))[1] == "REQUEST_ID_REUSED"


async def test_the_history_is_paged_newest_first(stub: Stub) -> None:
    for number in range(5):
        await stub.SendNotification(send(str(number), site_id=NORTH if number % 2 else ""))
    request = messages.ListNotificationsRequest(page_size=2)
    pages: list[set[str]] = []
    while not pages or request.page_token:
        answer = await stub.ListNotifications(request)
        pages.append({notification.title for notification in answer.notifications})
        request.page_token = answer.next_page_token
    assert [len(page) for page in pages] == [2, 2, 1]
    assert set().union(*pages) == {"0", "1", "2", "3", "4"}
    assert set(await listed(stub, site_id=NORTH)) == {"1", "3"}
    assert (await refused(listed(stub, page_token="nonsense")))[1] == "PAGE_TOKEN_INVALID"


async def test_sites_bound_what_is_told_and_seen(
    stub: Stub, settings: NotificationSettings
) -> None:
    for site_id in (NORTH, SOUTH, ""):
        await stub.SendNotification(send(site_id or "all", site_id=site_id))
    held: Mapping[str, frozenset[str]] = {
        "camera:read": frozenset({NORTH}),
        "camera:write": frozenset({NORTH}),
    }
    async with called(settings, Keeper(held)) as keeper:
        assert await listed(keeper) == [NORTH]
        assert await listed(keeper, site_id=SOUTH) == []
        await keeper.SendNotification(send(site_id=NORTH))
        for elsewhere in (SOUTH, ""):
            assert (await refused(keeper.SendNotification(send(site_id=elsewhere))))[
                1
            ] == "SITE_FORBIDDEN"


@pytest.mark.parametrize(
    "fields", [{"title": ""}, {"title": " "}, {"title": "x" * 201}, {"site_id": "north"}]
)
async def test_bad_input_is_refused(stub: Stub, fields: dict[str, str]) -> None:
    [field] = await violated(stub.SendNotification(send(**fields)))
    assert field == f"notification.{next(iter(fields))}"
