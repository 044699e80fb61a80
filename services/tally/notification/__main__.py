"""Runs the notification server: `python -m tally.notification`."""

from tally.kernel.process import run
from tally.notification.bootstrap import notification_server
from tally.notification.settings import NotificationSettings

if __name__ == "__main__":
    settings = NotificationSettings()
    run("notification", notification_server(settings), metrics_listen=settings.metrics_listen)
