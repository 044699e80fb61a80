"""What the camera context tells the audit log, over real NATS as its own user."""

import grpc
import pytest

from tally.api.auth.v1.audit_pb2 import AuditRecord
from tally.kernel.bus import Bus, Envelope
from tests.component.camera.calls import UNKNOWN_ID, Cameras, a_camera


async def test_each_audited_call_is_told_once(channel: grpc.aio.Channel, nats_url: str) -> None:
    cameras = Cameras(channel)
    camera = a_camera("Plaza")
    camera.stream.credentials.username = "root"
    camera.stream.credentials.password = "seven blue herons"
    with pytest.raises(grpc.aio.AioRpcError, match="no key to encrypt"):
        await cameras.create(camera)
    created = await cameras.create(a_camera())
    await cameras.get(created.id)
    await cameras.delete(created.id)
    with pytest.raises(grpc.aio.AioRpcError):
        await cameras.delete(UNKNOWN_ID)
    async with Bus.connect(nats_url, name="test") as bus:
        subscription = await bus.jetstream.subscribe("tally.audit.v1.camera", ordered_consumer=True)
        raw = [await subscription.next_msg(timeout=10) for _ in range(4)]
        assert (await bus.jetstream.stream_info("AUDIT")).state.messages == 4
    told = [Envelope.parse(each.headers or {}, each.data).message() for each in raw]
    records = sorted(
        (each for each in told if isinstance(each, AuditRecord)),
        key=lambda each: each.time.ToMicroseconds(),
    )
    assert [(each.method.rpartition("/")[2], each.outcome) for each in records] == [
        ("CreateCamera", "FAILED_PRECONDITION"),
        ("CreateCamera", "OK"),
        ("DeleteCamera", "OK"),
        ("DeleteCamera", "NOT_FOUND"),
    ]
    assert {each.principal for each in records} == {"user:administrator"}
    assert "Plaza" in records[0].request
    assert "herons" not in records[0].request
