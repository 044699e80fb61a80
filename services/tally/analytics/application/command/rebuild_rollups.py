"""Makes the sums again."""

from dataclasses import dataclass

from tally.analytics.domain.ports import CountsStore


@dataclass(frozen=True, slots=True)
class RebuildRollups:
    """Makes all sums again from the stored records: for after a mended mistake, and to prove that there is none."""

    store: CountsStore

    async def __call__(self) -> None:
        """Replace the sums; readers see the old ones until all new ones are there."""
        await self.store.rebuild_rollups()
