"""Tells how far a camera's counts can be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass

from tally.analytics.domain.accuracy import Accuracy, accuracy
from tally.analytics.domain.model import Direction
from tally.analytics.domain.ports import CountAudits
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class AccuracyReport:
    """How far a camera's counts can be trusted.

    Attributes:
        counted_samples: Samples that people have counted.
        samples: Samples that were drawn.
        lines: By line and direction, sorted by line; in before out.
        total: All of them together.
    """

    counted_samples: int
    samples: int
    lines: Mapping[tuple[str, Direction], Accuracy]
    total: Accuracy


@dataclass(frozen=True, slots=True)
class ReportAccuracy:
    """Compares what people counted in all audits of a camera with what it has counted there."""

    audits: CountAudits

    async def __call__(self, camera_id: str, sites: Sites) -> AccuracyReport:
        """The report, of the counts as they are stored now."""
        checked, samples = await self.audits.checked(camera_id, sites)
        cells = sorted({cell for sample in checked for cell in sample.true})
        return AccuracyReport(
            counted_samples=len(checked),
            samples=samples,
            lines={cell: accuracy(checked, [cell]) for cell in cells},
            total=accuracy(checked, cells),
        )
