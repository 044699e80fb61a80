"""Remembers by which clocks each site lives."""

from collections.abc import Sequence
from dataclasses import dataclass

from tally.analytics.domain.model import SiteClock
from tally.analytics.domain.ports import Places


@dataclass(frozen=True, slots=True)
class FollowSites:
    """Remembers by which clocks each site lives, in whatever order and however often that is told."""

    places: Places

    async def __call__(self, clocks: Sequence[SiteClock]) -> None:
        """Take in the sites' time zones."""
        await self.places.set_clocks(clocks)
