"""Runs the analytics server: `python -m tally.analytics`."""

from tally.analytics.bootstrap import analytics_server
from tally.analytics.settings import AnalyticsSettings
from tally.kernel.process import run

if __name__ == "__main__":
    settings = AnalyticsSettings()
    run("analytics", analytics_server(settings), metrics_listen=settings.metrics_listen)
