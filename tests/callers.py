"""Callers for tests that are about something else than who may call."""

from tally.kernel.identity import ADMINISTER, Principal


class Anybody:
    """Takes every caller for one administrator."""

    async def authenticate(self, metadata: dict[str, str]) -> Principal | None:
        return Principal("user:administrator", frozenset({ADMINISTER}))
