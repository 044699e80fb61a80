"""The signing keys as every call needs them: at hand, and renewed in the background."""

import asyncio
from collections.abc import Sequence

import structlog

from tally.auth.application.command.rotate_keys import RotateKeys
from tally.auth.domain.keys import SigningKey, signing
from tally.kernel.clock import Clock
from tally.kernel.errors import DomainError

PERIOD_S = 60.0
"""Time between two looks at the stored keys; far shorter than keys are published ahead."""

_log = structlog.get_logger(__name__)


class KeyRing:
    """The keys of this server. Call `refresh` once before use."""

    def __init__(self, rotate: RotateKeys, clock: Clock) -> None:
        self._rotate = rotate
        self._clock = clock
        self._keys: Sequence[SigningKey] = ()

    @property
    def keys(self) -> Sequence[SigningKey]:
        """All keys that tokens may be signed with, soon or still, oldest first."""
        return self._keys

    @property
    def signing(self) -> SigningKey:
        """The key that signs now."""
        return signing(self._keys, self._clock())

    async def refresh(self) -> None:
        """Rotate what is due and take over what other servers did.

        Raises:
            Unavailable: The database cannot be reached.
        """
        self._keys = await self._rotate()

    async def run(self) -> None:
        """Refresh for ever; a database that is away is asked again later."""
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                await self.refresh()
            except DomainError as error:
                _log.warning("keys_not_refreshed", error=str(error))
