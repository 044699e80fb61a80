"""The way of crossings' pictures out of the worker: if it can be, and never at the cost of counting."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from opentelemetry import metrics

from tally.kernel.backoff import Backoff
from tally.kernel.bus import PICTURES, Bus, store
from tally.kernel.clock import utc_now
from tally.kernel.errors import Unavailable
from tally.worker.agent.covering import covered
from tally.worker.agent.crossing_pictures import CrossingPicture
from tally.worker.agent.detector import DetectorUnavailable
from tally.worker.agent.jpeg import encode_jpeg

WAITING = 64
"""Pictures that wait at most; each has 300 kB at most."""
SHORTEST = timedelta(seconds=1)
"""What would expire sooner is not sent."""

_log = structlog.get_logger(__name__)
_meter = metrics.get_meter("tally.worker.agent")
_sent = _meter.create_counter("tally.pictures.sent", description="Pictures of crossings stored")
_dropped = _meter.create_counter(
    "tally.pictures.dropped", description="Pictures of crossings that were not stored, by reason"
)


@dataclass(frozen=True, slots=True)
class _Packed:
    subject: str
    jpeg: bytes
    expire_time: datetime


class PicturePost:
    """Covers and sends pictures one after the other. While NATS is away the newest wait in memory; the rest is lost.

    Args:
        nats_url: URL of the server, with user and password.
        name: What the server calls this client.
        domain: JetStream domain of the centre, if the server is a leaf node.
    """

    def __init__(self, nats_url: str, name: str, domain: str = "") -> None:
        self._nats_url = nats_url
        self._name = name
        self._domain = domain
        self._waiting: asyncio.Queue[CrossingPicture] = asyncio.Queue(WAITING)
        self._packed: _Packed | None = None

    def send(self, picture: CrossingPicture) -> None:
        """Take a picture along, in place of the oldest one if too many wait."""
        if self._waiting.full():
            self._waiting.get_nowait()
            _dropped.add(1, {"reason": "too_many"})
        self._waiting.put_nowait(picture)

    async def run(self) -> None:
        """Send until cancelled. Whoever takes no pictures makes no connection."""
        backoff = Backoff(first_s=0.5, longest_s=5.0)
        while True:
            packed = await self._next()
            try:
                async with Bus.connect(self._nats_url, name=self._name, domain=self._domain) as bus:
                    while True:
                        await self._store(bus, packed)
                        backoff.reset()
                        packed = await self._next()
            except Unavailable as error:
                _log.warning("pictures_wait", error=str(error), waiting=self._waiting.qsize())
            await asyncio.sleep(backoff.next_s())

    async def _next(self) -> _Packed:
        while self._packed is None:
            picture = await self._waiting.get()
            try:
                image = await covered(picture)
                jpeg = await asyncio.to_thread(encode_jpeg, image)
            except DetectorUnavailable:
                _dropped.add(1, {"reason": "detector_unavailable"})
                continue
            except Exception:
                _log.exception("picture_failed", crossing_id=picture.crossing_id)
                _dropped.add(1, {"reason": "failed"})
                continue
            subject = PICTURES.subject(picture.camera_id, picture.crossing_id)
            self._packed = _Packed(subject, jpeg, picture.expire_time)
        return self._packed

    async def _store(self, bus: Bus, packed: _Packed) -> None:
        keep = packed.expire_time - utc_now()
        if keep < SHORTEST:
            _dropped.add(1, {"reason": "expired"})
        else:
            await store(bus, PICTURES, packed.subject, packed.jpeg, keep)
            _sent.add(1)
        self._packed = None
