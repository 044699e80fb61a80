"""The AI models that workers can use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from tally.camera.domain.errors import ClassesMissing, DetectorNotInstalled
from tally.camera.domain.spec import CameraSpec

SILENT_AFTER = timedelta(minutes=3)
"""A worker that has said nothing of its models for so long is gone: it says so every minute."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a model took for a frame, over its last frames.

    Attributes:
        p50_ms: Half of them took no longer, in milliseconds.
        p99_ms: 99 % of them took no longer.
        frames: How many frames.
    """

    p50_ms: float
    p99_ms: float
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A model on one worker.

    Attributes:
        worker_id: The worker.
        worker_name: What people call it.
        name: What cameras call the model.
        version: The inference server's.
        classes: What it tells apart.
        side: Longest side of a picture in pixels that it makes use of.
        weights_bytes: Size of its weights; 0 if it has none.
        weights_sha256: Tells its weights from others; empty if it has none.
        licence: Under which they are used; empty if nobody said.
        latency: How long it takes; None while it has seen no frames.
        report_time: When the worker said so.
    """

    worker_id: str
    worker_name: str
    name: str
    version: str
    classes: tuple[str, ...]
    side: int
    weights_bytes: int
    weights_sha256: str
    licence: str
    latency: Latency | None
    report_time: datetime


@dataclass(frozen=True, slots=True)
class AiModel:
    """A model that workers can use.

    Attributes:
        name: What cameras call it.
        installations: Where it is, by the workers' names.
        camera_count: How many cameras use it.
    """

    name: str
    installations: Sequence[Installation]
    camera_count: int

    @property
    def differing(self) -> bool:
        """Whether workers have different weights under this name."""
        return len({each.weights_sha256 for each in self.installations}) > 1


def require_fit(
    detector: str, installations: Iterable[Installation], specs: Iterable[CameraSpec]
) -> None:
    """Refuse to have cameras use a detector that would not count what they count.

    Args:
        detector: What they are to use.
        installations: The models that workers have.
        specs: The cameras. What counts where they name no classes is for every detector to say.

    Raises:
        DetectorNotInstalled: No worker has it.
        ClassesMissing: On some worker it does not tell apart what a camera counts.
    """
    classes = [set(each.classes) for each in installations if each.name == detector]
    if not classes:
        raise DetectorNotInstalled(detector)
    known = set.intersection(*classes)
    unfit = [spec.name for spec in specs if not known.issuperset(spec.counting.classes)]
    if unfit:
        raise ClassesMissing(detector, unfit)


def ai_models(
    installations: Iterable[Installation], camera_counts: Mapping[str, int]
) -> Sequence[AiModel]:
    """The models by name.

    Args:
        installations: Where they are.
        camera_counts: How many cameras use each.
    """
    ordered = sorted(installations, key=lambda each: (each.name, each.worker_name, each.worker_id))
    return [
        AiModel(name, list(group), camera_counts.get(name, 0))
        for name, group in groupby(ordered, key=lambda each: each.name)
    ]
