"""Makes the sums again."""

from dataclasses import dataclass

from tally.analytics.domain.ports import CountsStore


@dataclass(frozen=True, slots=True)
class RebuildRollups:
    """Makes all sums again from the stored records: to mend a mistake, and to prove that there was none."""

    store: CountsStore

    async def __call__(self) -> int:
        """Replace the sums; readers see the old ones until all new ones are there.

        Returns:
            How many were wrong, missing, or sums of nothing.
        """
        return await self.store.rebuild_rollups()
