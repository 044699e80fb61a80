"""Audits of counts: spans of time that people count by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from random import Random

from tally.analytics.domain.errors import CountedByAnother, LinesMismatch, TooLittleWatched
from tally.analytics.domain.model import Direction
from tally.analytics.domain.timespan import TimeSpan

LineTallies = Mapping[tuple[str, Direction], int]
"""Crossings by line and direction."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time that could be a sample, and how many crossings the camera counted in it."""

    span: TimeSpan
    crossings: int


@dataclass(frozen=True, slots=True)
class ManualCount:
    """What a person counted in a sample.

    Attributes:
        tallies: For both directions of each line of the audit.
        principal: Who counted.
        time: When.
    """

    tallies: LineTallies
    principal: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Sample:
    """A span of time for people to count.

    Attributes:
        number: From 1, by time.
        span: The span.
        revisions: What a person counted, and each correction after it; the last one holds.
    """

    number: int
    span: TimeSpan
    revisions: tuple[ManualCount, ...] = ()

    def add_to(self, lines: tuple[str, ...], count: ManualCount) -> bool:
        """Whether the count is a new revision; the same figures again are none.

        Args:
            lines: Those of the audit.
            count: What a person counted.

        Raises:
            LinesMismatch: It is not of these lines, both directions of each.
            CountedByAnother: Somebody else counted the sample before.
        """
        if count.tallies.keys() != {(line, way) for line in lines for way in Direction}:
            raise LinesMismatch(lines)
        if not self.revisions:
            return True
        last = self.revisions[-1]
        if last.principal != count.principal:
            raise CountedByAnother
        return last.tallies != count.tallies


@dataclass(frozen=True, slots=True)
class CountAudit:
    """Samples of what a camera watched.

    Attributes:
        id: Sorts by the time of its making.
        camera_id: The camera.
        span: The range that the samples are of.
        seed: What drew them.
        lines: Names of the lines that the camera counted in the range, sorted.
        samples: By time.
        creator: Who asked for it.
        create_time: When.
    """

    id: str
    camera_id: str
    span: TimeSpan
    seed: int
    lines: tuple[str, ...]
    samples: tuple[Sample, ...]
    creator: str
    create_time: datetime


def draw_samples(windows: Sequence[Window], count: int, seed: int) -> tuple[Sample, ...]:
    """Draw windows for people to count, of the busy and of the quiet ones alike.

    Stratified sampling with proportional allocation (Cochran, Sampling Techniques, 3rd ed. 1977, chapter 5): the
    windows, by how many crossings the camera counted, are cut into `count` strata of the same size to within one
    window, and one is drawn of each. Samples are numbered by time, so that their order does not tell how busy the
    camera thinks they are.

    Args:
        windows: What could be drawn; none overlap.
        count: How many to draw, at least 1.
        seed: Draws the same again from the same windows.

    Raises:
        TooLittleWatched: There are fewer windows.
    """
    if len(windows) < count:
        raise TooLittleWatched(len(windows))
    by_busyness = sorted(windows, key=lambda window: (window.crossings, window.span.start))
    edges = [len(windows) * stratum // count for stratum in range(count + 1)]
    random = Random(seed)  # noqa: S311 - a sample that can be drawn again, not a secret
    drawn = [by_busyness[random.randrange(first, end)] for first, end in pairwise(edges)]
    spans = sorted((window.span for window in drawn), key=lambda span: span.start)
    return tuple(Sample(number, span) for number, span in enumerate(spans, start=1))
