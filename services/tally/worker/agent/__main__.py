"""Runs a camera worker: `python -m tally.worker.agent`."""

from tally.kernel.process import run
from tally.worker.agent.bootstrap import camera_worker
from tally.worker.agent.settings import AgentSettings

if __name__ == "__main__":
    settings = AgentSettings()
    run("agent", camera_worker(settings), metrics_listen=settings.metrics_listen)
