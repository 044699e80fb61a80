"""The way of records out of the worker: onto disk first, then to JetStream."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC
from itertools import islice

import structlog
from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.trace import SpanKind

from tally.api.counting.v1 import events_pb2
from tally.api.worker.v1.worker_pb2 import SpoolStatus
from tally.kernel.backoff import Backoff
from tally.kernel.bus import COUNTING, Bus, Envelope
from tally.kernel.errors import Unavailable
from tally.kernel.ids import derived_id
from tally.kernel.process import background
from tally.worker.agent.spool import Spool, SpoolFull

BATCH = 500
SOURCE = "tally/worker"

_tracer = trace.get_tracer("tally.worker.agent")
_meter = metrics.get_meter("tally.worker.agent")
_log = structlog.get_logger(__name__)


class Outbound:
    """Keeps records until JetStream has them, across restarts of either side.

    A record that JetStream may have got already is sent again under the same id, by which receivers
    know it.

    Args:
        spool: Where records wait.
        nats_url: URL of the server, with user and password.
        name: What the server calls this client.
        domain: JetStream domain of the centre, if the server is a leaf node.
    """

    def __init__(self, spool: Spool, nats_url: str, name: str, domain: str = "") -> None:
        self._spool = spool
        self._nats_url = nats_url
        self._name = name
        self._domain = domain
        self._unwritten: list[tuple[bytes, asyncio.Future[None]]] = []
        self._brought = asyncio.Event()
        self._written = asyncio.Event()
        self._idle = asyncio.Event()
        _meter.create_observable_gauge(
            "tally.spool.backlog",
            [self._observe_backlog],
            unit="By",
            description="Bytes on disk that JetStream has not got yet",
        )
        _meter.create_observable_gauge(
            "tally.spool.full",
            [self._observe_full],
            description="1 while there is no room on disk for new records, and cameras stop; else 0",
        )

    @property
    def status(self) -> SpoolStatus:
        """What waits."""
        status = SpoolStatus(
            waiting_bytes=self._spool.backlog,
            max_bytes=self._spool.max_bytes,
            full=self._spool.full,
        )
        for entry in islice(self._spool.read(), 1):
            ((_, oldest),) = _addressed([entry.payload])
            status.oldest_time.FromDatetime(oldest.time)
        return status

    @asynccontextmanager
    async def running(self, *, drain_s: float = 5.0) -> AsyncIterator[None]:
        """Write and send in the background.

        Args:
            drain_s: How long to wait, on leaving, until everything is sent. What is not stays on disk.
        """
        async with background(self._keep_writing(), self._keep_sending()):
            try:
                yield
            finally:
                await self._drain(drain_s)

    async def keep(self, record: events_pb2.CountsRecorded) -> None:
        """Return when the record is safe on disk.

        Raises:
            SpoolFull: There is no room.
            OSError: The disk is full or broken.
        """
        with _tracer.start_as_current_span(
            "CountsRecorded",
            kind=SpanKind.PRODUCER,
            attributes={"tally.camera_id": record.camera_id, "tally.sequence": record.sequence},
        ):
            envelope = Envelope.of(
                record,
                id=derived_id(record.camera_id, record.run_id, record.sequence),
                source=SOURCE,
                subject=record.camera_id,
                time=record.end_time.ToDatetime(UTC),
            )
            safe: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._unwritten.append((_packed(envelope), safe))
            self._idle.clear()
            self._brought.set()
            await safe

    async def _keep_writing(self) -> None:
        while True:
            await self._brought.wait()
            self._brought.clear()
            # One sync for whatever all cameras have brought meanwhile.
            batch, self._unwritten = self._unwritten, []
            error: Exception | None = None
            try:
                await asyncio.to_thread(self._spool.append, [payload for payload, _ in batch])
            except (SpoolFull, OSError) as failure:
                _log.error("spool_refuses", error=str(failure))
                error = failure
            for _, safe in batch:
                if safe.done():
                    continue
                if error is None:
                    safe.set_result(None)
                else:
                    safe.set_exception(error)
            self._written.set()

    async def _keep_sending(self) -> None:
        backoff = Backoff(first_s=0.2, longest_s=5.0)
        while True:
            try:
                # A new connection after each failure finds the streams, or makes them, anew.
                async with Bus.connect(self._nats_url, name=self._name, domain=self._domain) as bus:
                    while True:
                        await self._send(bus)
                        backoff.reset()
            except Unavailable as error:
                _log.warning("spool_waits", error=str(error), backlog=self._spool.backlog)
            await asyncio.sleep(backoff.next_s())

    async def _send(self, bus: Bus) -> None:
        self._written.clear()
        entries = list(islice(self._spool.read(), BATCH))
        if not entries:
            if not self._unwritten:
                self._idle.set()
            await self._written.wait()
            return
        await bus.publish(_addressed(entry.payload for entry in entries))
        self._spool.acknowledge(entries[-1].end)

    async def _drain(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            _log.warning("spool_kept", backlog=self._spool.backlog)

    def _observe_backlog(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(self._spool.backlog)]

    def _observe_full(self, _options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(int(self._spool.full))]


def _packed(envelope: Envelope) -> bytes:
    """The event as one record: its headers in one line, then its payload."""
    return json.dumps(envelope.headers()).encode() + b"\n" + envelope.payload


def _addressed(records: Iterable[bytes]) -> Iterable[tuple[str, Envelope]]:
    for record in records:
        headers, _, payload = record.partition(b"\n")
        envelope = Envelope.parse(json.loads(headers), payload)
        yield COUNTING.subject(envelope.subject), envelope
