"""The audit log as it runs: what is in it, that it cannot be changed, and that changes are found."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import grpc
import pytest

from tally.api.auth.v1 import audit_service_pb2 as messages
from tally.api.auth.v1.audit_pb2 import AuditEntry, AuditRecord
from tally.api.auth.v1.audit_service_pb2_grpc import AuditServiceStub
from tally.auth.settings import AuthSettings
from tally.kernel.bus import AUDIT, Bus, Envelope
from tally.kernel.ids import new_id
from tally.stack.nats import NatsServer
from tally.stack.postgres import PostgresServer
from tests.component.auth.calls import Caller, outcome
from tests.component.auth.conftest import ADMIN_EMAIL, ADMIN_PASSWORD

LOGIN = "tally.api.auth.v1.AuthService/Login"
CREATE = "tally.api.auth.v1.UserService/CreateUser"


class Auditor:
    """Reads the log as the administrator."""

    def __init__(self, channel: grpc.aio.Channel, admin: Caller) -> None:
        self._stub = AuditServiceStub(channel)
        self._admin = admin

    async def page(self, **wanted: object) -> messages.ListAuditEntriesResponse:
        request = messages.ListAuditEntriesRequest(**wanted)  # type: ignore[arg-type]  # each test gives fields of the message
        return await self._stub.ListAuditEntries(request, metadata=self._admin.metadata)

    async def entries(self, **wanted: object) -> list[AuditEntry]:
        return list((await self.page(**wanted)).entries)

    async def verify(self) -> messages.VerifyAuditLogResponse:
        request = messages.VerifyAuditLogRequest()
        return await self._stub.VerifyAuditLog(request, metadata=self._admin.metadata)


SET_UP = 2
"""Entries before a test begins: the first administrator has logged in and chosen a password."""


@pytest.fixture
async def admin(channel: grpc.aio.Channel) -> Caller:
    return await Caller(channel).login(ADMIN_EMAIL, ADMIN_PASSWORD)


@pytest.fixture
def auditor(channel: grpc.aio.Channel, admin: Caller) -> Auditor:
    return Auditor(channel, admin)


async def run_sql(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def as_operator(postgres: PostgresServer, settings: AuthSettings, statement: str) -> None:
    """Change the log as only who administers the database can."""
    database = settings.database_url.get_secret_value().rpartition("/")[2]
    url = postgres.url(database, role="postgres")
    await run_sql(url, "SET session_replication_role = replica", statement)


async def test_calls_are_told_without_their_secrets(
    channel: grpc.aio.Channel, admin: Caller, auditor: Auditor
) -> None:
    user = await admin.create("ana@example.org", "viewer")
    ana = await Caller(channel).login("ana@example.org", "nine green lanterns")
    assert await outcome(ana.create("bo@example.org")) == grpc.StatusCode.PERMISSION_DENIED
    assert await outcome(ana.login("ana@example.org", "a wrong one")) != grpc.StatusCode.OK

    shown = await auditor.entries(page_size=7)
    assert [each.sequence for each in shown] == [*range(SET_UP + 7, SET_UP, -1)]
    wrong, denied, login, _, _, created, first = shown
    assert (first.record.method, first.record.outcome) == (LOGIN, "OK")
    assert (created.record.method, created.record.outcome) == (CREATE, "OK")
    assert created.record.principal.startswith("user:")
    assert (denied.record.principal, denied.record.outcome) == (
        f"user:{user.id}",
        "PERMISSION_DENIED",
    )
    assert (wrong.record.outcome, wrong.record.principal) == ("UNAUTHENTICATED", "")
    for entry in (wrong, denied, login, created, first):
        assert "@" in entry.record.request
    secrets = ("lanterns", "herons", "wrong", "somebody else chose")
    assert not [each for each in shown if any(word in each.record.request for word in secrets)]


async def test_entries_are_filtered(admin: Caller, auditor: Auditor) -> None:
    await admin.create_given("ana@example.org")
    assert await outcome(admin.create_given("ana@example.org")) == grpc.StatusCode.ALREADY_EXISTS
    (failed,) = await auditor.entries(failed=True)
    assert failed.record.outcome == "ALREADY_EXISTS"
    created = [each.sequence for each in await auditor.entries(method=CREATE)]
    assert created == [SET_UP + 3, SET_UP + 2]
    logins = [each.sequence for each in await auditor.entries(method=LOGIN)]
    assert logins == [SET_UP + 1, 1]
    assert len(await auditor.entries(principal=failed.record.principal, method=CREATE)) == 2
    assert await auditor.entries(principal="user:nobody") == []
    since = [each.sequence for each in await auditor.entries(start_time=failed.record.time)]
    assert min(since) == failed.sequence
    before = [each.sequence for each in await auditor.entries(end_time=failed.record.time)]
    assert before == [*range(SET_UP + 2, 0, -1)]


async def test_pages_neither_repeat_nor_leave_out(admin: Caller, auditor: Auditor) -> None:
    for name in ("a", "b", "c", "d"):
        await admin.create_given(f"{name}@example.org")
    first = await auditor.page(page_size=4)
    second = await auditor.page(page_size=4, page_token=first.next_page_token)
    shown = [each.sequence for page in (first, second) for each in page.entries]
    assert shown == [*range(SET_UP + 5, 0, -1)]
    assert second.next_page_token == ""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await auditor.page(method=LOGIN, page_token=first.next_page_token)
    assert failure.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_calls_at_once_make_one_chain(admin: Caller, auditor: Auditor) -> None:
    await asyncio.gather(*(admin.create_given(f"user{number}@example.org") for number in range(12)))
    found = await auditor.verify()
    assert (found.whole, found.entries, found.first_broken_sequence) == (True, SET_UP + 13, 0)
    (last,) = await auditor.entries(method=CREATE, page_size=1)
    assert found.last_hash == last.hash


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_logs SET outcome = 'OK'",
        "DELETE FROM audit_logs WHERE sequence = 1",
        "TRUNCATE audit_logs",
    ],
)
async def test_the_context_cannot_change_it(
    settings: AuthSettings, admin: Caller, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="neither changed nor removed"):
        await run_sql(settings.database_url.get_secret_value(), statement)


@pytest.mark.parametrize(
    ("statement", "first_broken"),
    [
        ("UPDATE audit_logs SET principal = 'user:scapegoat' WHERE sequence = 2", 2),
        ("UPDATE audit_logs SET time = time - interval '1 second' WHERE sequence = 1", 1),
        ("DELETE FROM audit_logs WHERE sequence = 2", 3),
        ("DELETE FROM audit_logs WHERE sequence = 1", 2),
    ],
)
async def test_changes_past_the_context_are_found(
    postgres: PostgresServer,
    settings: AuthSettings,
    admin: Caller,
    auditor: Auditor,
    statement: str,
    first_broken: int,
) -> None:
    for name in ("a", "b", "c"):
        await admin.create_given(f"{name}@example.org")
    assert (await auditor.verify()).whole
    await as_operator(postgres, settings, statement)
    found = await auditor.verify()
    assert (found.whole, found.first_broken_sequence) == (False, first_broken)


async def test_records_of_other_contexts_count_once(
    nats_server: NatsServer, auditor: Auditor
) -> None:
    record = AuditRecord(id=new_id(), method="tally.api.camera.v1.CameraService/DeleteCamera")
    now = datetime.now(UTC)
    record.time.FromDatetime(now)
    async with Bus.connect(nats_server.url("camera"), name="camera") as bus:
        # Ids of their own get them past JetStream's own recognition, as after its window.
        for _ in range(3):
            event = Envelope.of(
                record, id=new_id(), source="tally/camera", subject=record.id, time=now
            )
            await bus.publish([(AUDIT.subject("camera"), event)])
        after = AuditRecord(id=new_id(), method="last")
        after.time.FromDatetime(now)
        event = Envelope.of(after, id=after.id, source="tally/camera", subject=after.id, time=now)
        await bus.publish([(AUDIT.subject("camera"), event)])
    async with asyncio.timeout(15):
        while not await auditor.entries(method="last"):
            await asyncio.sleep(0.05)
    (entry,) = await auditor.entries(method=record.method)
    assert entry.record == record
    assert (await auditor.verify()).whole
