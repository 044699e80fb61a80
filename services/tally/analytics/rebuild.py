"""Makes the sums again from the stored records: `python -m tally.analytics.rebuild`.

May run while the server does: readers go on, what is counted meanwhile is stored when it is done.
"""

import asyncio

import structlog

from tally.analytics.bootstrap import rebuild_rollups
from tally.analytics.settings import AnalyticsSettings
from tally.kernel.telemetry import telemetry

if __name__ == "__main__":
    with telemetry("analytics-rebuild"):
        mended = asyncio.run(rebuild_rollups(AnalyticsSettings()))
        structlog.get_logger(__name__).info("rollups_rebuilt", mended=mended)
