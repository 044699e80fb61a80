"""Slows down who guesses passwords and keys."""

import asyncio
from dataclasses import dataclass, field

from tally.auth.domain.errors import TooManyAttempts
from tally.auth.domain.ports import Begin
from tally.kernel.clock import Clock

PER_ACCOUNT = 10
"""Attempts without success on one account within the span, whether or not the account exists."""
PER_ADDRESS = 100
"""Attempts without success from one address, behind which may be a whole company."""
COUNTED_AT_ONCE = 2
"""Attempts that are counted at the same time; a flood of them must leave the database's connections to others."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """Counts attempts before they are made, so that many at once gain nothing."""

    begin: Begin
    clock: Clock
    _turns: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(COUNTED_AT_ONCE), init=False
    )

    async def admit(self, email: str, address: str = "") -> None:
        """Count an attempt.

        Args:
            email: The account, in lower case.
            address: Where the caller is; empty counts for the account alone.

        Raises:
            TooManyAttempts: There have been too many.
        """
        now = self.clock()
        async with self._turns, self.begin() as work:
            by_account = await work.attempts.count(_account(email), now)
            by_address = await work.attempts.count(f"address:{address}", now) if address else 0
        if by_account > PER_ACCOUNT or by_address > PER_ADDRESS:
            raise TooManyAttempts

    async def admit_other(self, what: str, address: str) -> None:
        """Count an attempt apart from logins: a program with an old key must lock nobody out.

        Args:
            what: What was tried, such as `key`.
            address: Where the caller is.

        Raises:
            TooManyAttempts: There have been too many from this address.
        """
        async with self._turns, self.begin() as work:
            attempts = await work.attempts.count(f"{what}:{address}", self.clock())
        if attempts > PER_ADDRESS:
            raise TooManyAttempts

    async def forgive(self, email: str) -> None:
        """Forget the attempts on an account whose owner has come."""
        async with self.begin() as work:
            await work.attempts.clear(_account(email))


def _account(email: str) -> str:
    return f"account:{email}"
