"""Rotates signing keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tally.auth.domain.keys import SigningKey, retired, successor_from
from tally.auth.domain.ports import Begin
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class RotateKeys:
    """Makes the next key when it is due and forgets those that nobody needs. Several servers may try at once."""

    begin: Begin
    clock: Clock
    make_key: Callable[[datetime], SigningKey]

    async def __call__(self) -> Sequence[SigningKey]:
        """All keys after that, oldest first."""
        now = self.clock()
        async with self.begin() as work:
            keys = list(await work.signing_keys.hold())
            start = successor_from(keys, now)
            if start is not None:
                keys.append(self.make_key(start))
                await work.signing_keys.add(keys[-1])
            for key in retired(keys, now):
                await work.signing_keys.remove(key.id)
                keys.remove(key)
            return keys
