"""Wakes those who follow assignments, within this process."""

import asyncio


class Changes:
    """Tells waiters that who holds what, or what is to be counted, may be otherwise than before."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def next(self) -> asyncio.Event:
        """Set with the first `notify` from now on."""
        return self._next

    def notify(self) -> None:
        """Wake everybody who waits."""
        self._next.set()
        self._next = asyncio.Event()
