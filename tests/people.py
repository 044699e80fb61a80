"""A notification context that keeps what it is sent in memory, and can be made to fall silent."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from pydantic import SecretStr

from tally.api.notification.v1 import notification_service_pb2 as messages
from tally.api.notification.v1.notification_pb2 import Notification
from tally.api.notification.v1.notification_service_pb2_grpc import (
    NotificationServiceServicer,
    add_NotificationServiceServicer_to_server,
)
from tally.kernel.errors import PermissionDenied
from tally.kernel.grpc.server import serve
from tally.kernel.settings import ServerSettings
from tests.callers import Anybody, Forgetful, token_issuer


@dataclass
class People:
    """Those who are told.

    Attributes:
        settings: Has a camera server tell them.
        sent: What they were told, by the ids of the requests.
        senders: What the senders showed.
        asked: Is set when somebody is about to be answered.
        answering: Whoever sends something is answered only while it is set.
        refusing: Whether whoever sends something is told that they may not.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    sent: dict[str, Notification] = field(default_factory=dict)
    senders: set[str] = field(default_factory=set)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    refusing: bool = False


class _Servicer(NotificationServiceServicer):
    def __init__(self, told: People) -> None:
        self._told = told

    async def SendNotification(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        if self._told.refusing:
            raise PermissionDenied("you may not")
        self._told.sent[request.request_id] = request.notification
        self._told.senders.add(dict(context.invocation_metadata())["authorization"])
        self._told.asked.set()
        await self._told.answering.wait()
        return messages.SendNotificationResponse(notification=request.notification)


@asynccontextmanager
async def people() -> AsyncIterator[People]:
    """People who listen and answer."""
    told = People()
    told.answering.set()
    settings = ServerSettings(listen="127.0.0.1:0", shutdown_grace_s=0.1)
    servicer = _Servicer(told)  # type: ignore[abstract]  # the methods left out are never called

    def register(server: grpc.aio.Server) -> None:
        add_NotificationServiceServicer_to_server(servicer, server)

    async with (
        token_issuer() as auth_address,
        serve("notification", settings, register, {}, Anybody(), Forgetful()) as server,
    ):
        told.settings = {
            "notification_address": server.address,
            "auth_address": auth_address,
            "api_key": SecretStr("key"),
        }
        yield told
