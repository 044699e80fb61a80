"""What a decoder process tells its worker: JSON, a line each, which the worker checks.

Whoever sends video may get a decoder to run their code. It must get no further, so nothing that comes from
there is unpickled.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from tally.worker.agent.sources import SourceErrorReason, SourceInfo

AWAIT, TAKE = b"a", b"t"
"""What the worker writes to be told when there is a frame, and to get it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The source delivers; its frames are wanted now."""

    info: SourceInfo
    kind: Literal["opened"] = "opened"


@dataclass(frozen=True, slots=True)
class Ready:
    """There is a frame, or the source is over."""

    kind: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A frame; its picture is in the shared memory until the next one is asked for."""

    index: int
    time_s: float
    captured_at: datetime
    decoded_s: float
    dropped: int
    corrupt: int
    kind: Literal["delivered"] = "delivered"


@dataclass(frozen=True, slots=True)
class Ended:
    """The source is over."""

    dropped: int
    corrupt: int
    kind: Literal["ended"] = "ended"


@dataclass(frozen=True, slots=True)
class Failed:
    """The source did not open, or broke off."""

    reason: SourceErrorReason
    message: str
    kind: Literal["failed"] = "failed"


Answer = Annotated[Opened | Ready | Delivered | Ended | Failed, Field(discriminator="kind")]
"""Whatever the worker is told."""

ANSWERS: TypeAdapter[Opened | Ready | Delivered | Ended | Failed] = TypeAdapter(Answer)
"""Reads and writes them."""
