"""All contexts in one process, for small machines: `python -m tally.stack.compact`."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from tally.analytics.bootstrap import analytics_server
from tally.analytics.settings import AnalyticsSettings
from tally.auth.bootstrap import auth_server
from tally.auth.settings import AuthSettings
from tally.camera.bootstrap import camera_server
from tally.camera.settings import CameraSettings
from tally.kernel.process import run
from tally.notification.bootstrap import notification_server
from tally.notification.settings import NotificationSettings
from tally.realtime.bootstrap import realtime_server
from tally.realtime.settings import RealtimeSettings
from tally.worker.bootstrap import worker_server
from tally.worker.settings import WorkerSettings


@asynccontextmanager
async def all_contexts(camera: CameraSettings) -> AsyncIterator[None]:
    """Every context's server, each on its own port."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(auth_server(AuthSettings()))
        await stack.enter_async_context(camera_server(camera))
        await stack.enter_async_context(worker_server(WorkerSettings()))
        await stack.enter_async_context(analytics_server(AnalyticsSettings()))
        await stack.enter_async_context(notification_server(NotificationSettings()))
        await stack.enter_async_context(realtime_server(RealtimeSettings()))
        yield


if __name__ == "__main__":
    settings = CameraSettings()
    run("contexts", all_contexts(settings), metrics_listen=settings.metrics_listen)
