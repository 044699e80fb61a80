"""Password hashes by argon2id (RFC 9106)."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tally.auth.domain.errors import TooManyLogins

MOST_WAITING = 50
"""Passwords that may wait; the last of them is still checked within a call's five seconds."""

T = TypeVar("T")


class ArgonPasswords:
    """Hashes in a few threads of its own, so that a flood of logins slows no other call.

    The parameters are OWASP's: 19 MiB, two passes, one lane.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._threads = ThreadPoolExecutor(
            max_workers=max(1, (os.cpu_count() or 1) // 2), thread_name_prefix="argon2"
        )
        self._waiting = 0
        self._of_nobody = self._hasher.hash("nobody's password")

    async def hash(self, password: str) -> str:
        """A hash to keep."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one of the hash; without a hash no, after as long."""
        known = password_hash is not None
        tried = password_hash or self._of_nobody
        return await self._run(lambda: self._matches(tried, password)) and known

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, job: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise TooManyLogins
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, job)
        finally:
            self._waiting -= 1
