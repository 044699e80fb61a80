"""Keeps what a worker says of its models."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tally.camera.domain.ai_model import Installation
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordModels(Command[None]):
    """Keeps the newest word of each worker, in whatever order they arrive.

    Attributes:
        worker_id: The worker.
        time: When it said so.
        installations: All models that it has.
    """

    worker_id: str
    time: datetime
    installations: Sequence[Installation]


async def record_models(command: RecordModels, work: UnitOfWork) -> None:
    """Keep it unless something newer is known."""
    await work.ai_models.record(command.worker_id, command.time, command.installations)
