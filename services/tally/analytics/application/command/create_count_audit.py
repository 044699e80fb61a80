"""Draws samples for people to count."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tally.analytics.domain.count_audit import CountAudit, draw_samples
from tally.analytics.domain.errors import NoLines, TooLittleWatched
from tally.analytics.domain.ports import CountAudits
from tally.analytics.domain.timespan import TimeSpan
from tally.kernel.clock import Clock
from tally.kernel.errors import FieldViolation, InvalidInput
from tally.kernel.idempotency import CreateRequest
from tally.kernel.identity import Sites

MAX_WINDOWS = 45_000
"""A month of minutes: PostgreSQL looks up the crossings of each."""


@dataclass(frozen=True, slots=True)
class CreateCountAudit:
    """Draws samples of what a camera watched."""

    audits: CountAudits
    clock: Clock
    new_id: Callable[[], str]

    async def __call__(
        self,
        camera_id: str,
        span: TimeSpan | None,
        length: timedelta,
        count: int,
        seed: int,
        creator: str,
        request: CreateRequest,
        sites: Sites,
    ) -> CountAudit:
        """The new audit, or the one that the same request has made before.

        Args:
            camera_id: The camera.
            span: Of what to draw; None for the recording that the camera counted last.
            length: How long each sample is.
            count: How many to draw.
            seed: Draws the same again from the same counts.
            creator: Who asks for it.
            request: What asks for it.
            sites: Where the caller may audit cameras.

        Raises:
            TooLittleWatched: The camera watched less than the samples need.
            NoLines: There is nothing to count.
            InvalidInput: The range is too long for samples of this length.
            RequestIdReused: The request id stands for another request.
            AuditNotFound: The same request made one of a camera that is out of sight since.
        """
        before = await self.audits.made_by(request, sites)
        if before is not None:
            return before
        span = span or await self.audits.last_recording(camera_id, sites)
        if span is None:
            raise TooLittleWatched(0)
        if (span.end - span.start) / length > MAX_WINDOWS:
            violation = FieldViolation("end_time", f"at most {MAX_WINDOWS} times the sample_length")
            raise InvalidInput([violation])
        samples = draw_samples(
            await self.audits.windows(camera_id, span, length, sites), count, seed
        )
        lines = tuple(await self.audits.lines(camera_id, span))
        if not lines:
            raise NoLines
        audit = CountAudit(
            id=self.new_id(),
            camera_id=camera_id,
            span=span,
            seed=seed,
            lines=lines,
            samples=samples,
            creator=creator,
            create_time=self.clock(),
        )
        return await self.audits.add(audit, request, sites)
