"""Looks for dead workers now and then."""

import asyncio

import structlog

from tally.kernel.errors import DomainError
from tally.worker.application.command.sweep_leases import SweepLeases

PERIOD_S = 1.0

_log = structlog.get_logger(__name__)


async def keep_sweeping(sweep_leases: SweepLeases) -> None:
    """Sweep until cancelled."""
    while True:
        try:
            await sweep_leases()
        except DomainError as error:
            _log.warning("sweep_failed", error=str(error))
        except Exception:
            # The next sweep does the same work; a server that stopped sweeping would leave cameras unwatched.
            _log.exception("sweep_failed")
        await asyncio.sleep(PERIOD_S)
