"""A NATS leaf node at the edge: a worker talks to it alone, and the centre's stream gets what it counts, in order."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from tally.api.counting.v1.events_pb2 import CountsRecorded
from tally.kernel.bus import COUNTING, Bus, Envelope
from tally.kernel.ids import new_id
from tally.stack.folder import free_ports
from tally.stack.probe import first_line
from tally.worker.agent.outbound import Outbound
from tally.worker.agent.spool import Spool

CENTRE = """\
listen: "127.0.0.1:{centre}"
jetstream {{ store_dir: "{folder}", domain: "centre" }}
leafnodes {{ listen: "127.0.0.1:{leaf}" }}
authorization {{
  users = [
    {{user: "stack", password: "s"}}
    {{user: "agent", password: "a", permissions: {{
      publish: {{allow: ["tally.counting.v1.>", "$JS.centre.API.INFO", "$JS.centre.API.STREAM.INFO.*"]}}
      subscribe: {{allow: ["_INBOX_agent.>"]}}
    }}}}
  ]
}}
"""
EDGE = """\
listen: "127.0.0.1:{edge}"
authorization {{ users = [{{user: "agent", password: "e"}}] }}
leafnodes {{
  reconnect: 1
  remotes: [{{url: "nats-leaf://agent:a@127.0.0.1:{leaf}"}}]
}}
"""


@asynccontextmanager
async def nats_server(configuration: Path, port: int) -> AsyncIterator[None]:
    """A NATS server that answers, with the configuration."""
    binary = Path(sys.prefix) / "bin" / "nats-server"
    process = await asyncio.create_subprocess_exec(
        binary, "--config", configuration, "--log", configuration.with_suffix(".log")
    )
    try:
        async with asyncio.timeout(10):
            while not await first_line(f"127.0.0.1:{port}"):
                await asyncio.sleep(0.05)
        yield
    finally:
        process.terminate()
        await process.wait()


async def sequences(bus: Bus, count: int) -> list[int]:
    """The sequence numbers of the first records in the centre's stream."""
    subscription = await bus.jetstream.subscribe(COUNTING.subject("*"), ordered_consumer=True)
    found: list[int] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            message = await subscription.next_msg(timeout=20)
            record = Envelope.parse(message.headers or {}, message.data).message()
            assert isinstance(record, CountsRecorded)
            found.append(record.sequence)
    return found


async def test_records_reach_the_centre_through_a_leaf_node(tmp_path: Path) -> None:
    centre, leaf, edge = free_ports(3)
    at_centre, at_edge = tmp_path / "centre.conf", tmp_path / "edge.conf"
    at_centre.write_text(CENTRE.format(centre=centre, leaf=leaf, folder=tmp_path / "streams"))
    at_edge.write_text(EDGE.format(edge=edge, leaf=leaf))
    camera_id, run_id = new_id(), new_id()

    def record(sequence: int) -> CountsRecorded:
        made = CountsRecorded(camera_id=camera_id, run_id=run_id, sequence=sequence)
        made.end_time.FromDatetime(datetime(2026, 1, 1, tzinfo=UTC))
        return made

    spool = Spool(tmp_path / "spool", max_bytes=1 << 20)
    outbound = Outbound(spool, f"nats://agent:e@127.0.0.1:{edge}", "agent", "centre")
    stack = f"nats://stack:s@127.0.0.1:{centre}"
    async with nats_server(at_edge, edge), outbound.running():
        for sequence in range(3):
            await outbound.keep(record(sequence))
        async with nats_server(at_centre, centre), Bus.connect(stack, name="test") as bus:
            assert await sequences(bus, 3) == [0, 1, 2]
        assert not outbound.status.HasField("oldest_time")
        for sequence in range(3, 6):
            await outbound.keep(record(sequence))
        assert outbound.status.oldest_time == record(3).end_time
        async with nats_server(at_centre, centre), Bus.connect(stack, name="test") as bus:
            assert await sequences(bus, 6) == [0, 1, 2, 3, 4, 5]
