"""Runs the auth server: `python -m tally.auth`."""

from tally.auth.bootstrap import auth_server
from tally.auth.settings import AuthSettings
from tally.kernel.process import run

if __name__ == "__main__":
    settings = AuthSettings()
    run("auth", auth_server(settings), metrics_listen=settings.metrics_listen)
