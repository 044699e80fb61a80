"""Runs the pool's server: `python -m tally.worker`."""

from tally.kernel.process import run
from tally.worker.bootstrap import worker_server
from tally.worker.settings import WorkerSettings

if __name__ == "__main__":
    settings = WorkerSettings()
    run("worker", worker_server(settings), metrics_listen=settings.metrics_listen)
