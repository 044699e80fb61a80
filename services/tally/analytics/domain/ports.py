"""What the use cases need of the world."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from tally.analytics.domain.accuracy import CheckedSample
from tally.analytics.domain.count_audit import CountAudit, ManualCount, Sample, Window
from tally.analytics.domain.model import (
    CameraPlaced,
    CountsRecord,
    Dwells,
    Flow,
    Granularity,
    LineCount,
    SiteClock,
    Stored,
    StoredCrossing,
    StoredVisit,
    VisitKind,
    ZoneCount,
)
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.idempotency import CreateRequest
from tally.kernel.identity import Sites


class CountsStore(Protocol):
    """The record of what was counted, and the sums over it, written together."""

    async def add(self, records: Sequence[CountsRecord]) -> Stored:
        """Store what is new in these records and add it to the sums: all of it or, after an error, nothing.

        What is stored already, or stands in the batch twice, is recognised by its id and changes nothing.
        """

    async def rebuild_rollups(self) -> int:
        """Make all sums again from the stored records; returns how many were wrong."""


class CountsReader(Protocol):
    """Answers from the record of what was counted."""

    async def line_counts(
        self,
        camera_ids: Sequence[str],
        span: TimeSpan,
        granularity: Granularity,
        limit: int,
        sites: Sites,
        object_classes: Sequence[str] = (),
    ) -> Sequence[LineCount]:
        """Sums of crossings by camera, line and time.

        Args:
            camera_ids: The cameras; empty means all.
            span: What is asked about; what its ends cut is summed whole.
            granularity: How finely to sum, by the clocks of each camera's site; of those at no site, in UTC.
            limit: At most so many rows.
            sites: Where the cameras are now.
            object_classes: What to count; empty means everything.
        """

    async def zone_counts(
        self,
        camera_ids: Sequence[str],
        span: TimeSpan,
        granularity: Granularity,
        limit: int,
        sites: Sites,
    ) -> Sequence[ZoneCount]:
        """Sums of visits by camera, zone and time; arguments as in `line_counts`."""

    async def flows(self, camera_id: str, span: TimeSpan, sites: Sites) -> Sequence[Flow]:
        """Sums of a camera's crossings by the line that was crossed before and the line itself.

        Args:
            camera_id: The camera.
            span: From its start until before its end.
            sites: Where the camera is now.
        """

    async def heat(self, camera_id: str, span: TimeSpan, sites: Sites) -> Mapping[int, int]:
        """Milliseconds that a camera's objects were in each cell of the picture's grid; arguments as in `flows`."""

    async def crossings(
        self,
        camera_id: str,
        start: datetime | None,
        end: datetime | None,
        line: str,
        after: tuple[datetime, str] | None,
        limit: int,
        sites: Sites,
    ) -> Sequence[StoredCrossing]:
        """Single crossings in order of time and id.

        Args:
            camera_id: The camera.
            start: Where the range begins; None: with the first crossing.
            end: Where it ends, not itself part of it; None: with the last crossing.
            line: Name of the line; empty means all.
            after: Time and id of the crossing that the first one follows; None for the first of all.
            limit: At most so many.
            sites: Where the camera is now.
        """


class CrossingFinder(Protocol):
    """Knows single crossings."""

    async def crossing(self, crossing_id: str, sites: Sites) -> StoredCrossing | None:
        """The crossing, if its camera is at one of the sites now; None if there is none."""


class Pictures(Protocol):
    """Pictures of crossings, for as long as they are kept."""

    async def find(self, camera_id: str, crossing_id: str) -> bytes | None:
        """The picture of a camera's crossing, as JPEG; None if there is none.

        Raises:
            Unavailable: Nobody can tell now.
        """


class VisitsReader(Protocol):
    """Answers from the record of visits to zones."""

    async def visits(
        self,
        camera_id: str,
        start: datetime | None,
        end: datetime | None,
        zone: str,
        kind: VisitKind | None,
        after: tuple[datetime, str] | None,
        limit: int,
        sites: Sites,
    ) -> Sequence[StoredVisit]:
        """Single visits in order of time and id; arguments as for `CountsReader.crossings`.

        Args:
            camera_id: The camera.
            start: Where the range begins.
            end: Where it ends.
            zone: Name of the zone; empty means all.
            kind: Of this kind only; None means all.
            after: Time and id of the visit that the first one follows.
            limit: At most so many.
            sites: Where the camera is now.
        """

    async def dwells(self, camera_id: str, span: TimeSpan, sites: Sites) -> Sequence[Dwells]:
        """How long those stayed who left a camera's zones, by zone.

        Args:
            camera_id: The camera.
            span: When they left: from its start until before its end.
            sites: Where the camera is now.
        """


class Places(Protocol):
    """The sites where cameras are, and their clocks."""

    async def place(self, cameras: Sequence[CameraPlaced]) -> None:
        """Remember where cameras are; what is older than what is known changes nothing."""

    async def set_clocks(self, clocks: Sequence[SiteClock]) -> None:
        """Remember which time sites have; what is older than what is known changes nothing."""


class CountAudits(Protocol):
    """The audits of counts. Those of cameras that are not at the asked sites now do not exist."""

    async def last_recording(self, camera_id: str, sites: Sites) -> TimeSpan | None:
        """The span of the recording that the camera counted last; None if it has counted none."""

    async def windows(
        self, camera_id: str, span: TimeSpan, length: timedelta, sites: Sites
    ) -> Sequence[Window]:
        """Those spans of this length, one after another from the start of `span`, that were watched without a gap."""

    async def lines(self, camera_id: str, span: TimeSpan) -> Sequence[str]:
        """Names of the lines that the camera counted in the span, sorted."""

    async def made_by(self, request: CreateRequest, sites: Sites) -> CountAudit | None:
        """The audit that the request has made before, if it has.

        Raises:
            RequestIdReused: It had other content, or another caller, then.
            AuditNotFound: The camera is out of sight since.
        """

    async def add(self, audit: CountAudit, request: CreateRequest, sites: Sites) -> CountAudit:
        """Store a new audit; returns it, or the one that the same request has made meanwhile.

        Raises:
            RequestIdReused: It had other content, or another caller, then.
        """

    async def sweep(self, now: datetime) -> None:
        """Forget requests that are too old to be repeated."""

    async def get(self, audit_id: str, sites: Sites) -> CountAudit:
        """One audit.

        Raises:
            AuditNotFound: There is none.
        """

    async def page(
        self, camera_id: str, before: str | None, limit: int, sites: Sites
    ) -> Sequence[CountAudit]:
        """At most `limit` of a camera's audits, the newest first, from the first that is older than `before`."""

    async def record(self, audit_id: str, sample: int, count: ManualCount, sites: Sites) -> Sample:
        """Add a revision to a sample, if it is one; returns the sample with it.

        Raises:
            AuditNotFound: There is no such audit.
            SampleNotFound: It has no such sample.
            LinesMismatch: The count is not of the audit's lines.
            CountedByAnother: Somebody else counted the sample before.
        """

    async def checked(self, camera_id: str, sites: Sites) -> tuple[Sequence[CheckedSample], int]:
        """What people and the camera counted in each sample that people counted, and how many were drawn in all."""
