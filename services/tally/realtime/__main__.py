"""Runs the realtime server: `python -m tally.realtime`."""

from tally.kernel.process import run
from tally.realtime.bootstrap import realtime_server
from tally.realtime.settings import RealtimeSettings

if __name__ == "__main__":
    settings = RealtimeSettings()
    run("realtime", realtime_server(settings), metrics_listen=settings.metrics_listen)
