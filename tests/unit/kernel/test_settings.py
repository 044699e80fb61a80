"""Settings that do not fit are told without their values, which may be secrets."""

import pytest
from pydantic import ValidationError

from tally.analytics.settings import AnalyticsSettings
from tally.auth.settings import AuthSettings
from tally.camera.settings import CameraSettings
from tally.kernel.settings import ServerSettings
from tally.notification.settings import NotificationSettings
from tally.realtime.settings import RealtimeSettings
from tally.worker.agent.settings import AgentSettings
from tally.worker.settings import WorkerSettings


@pytest.mark.parametrize(
    "kind",
    [
        AgentSettings,
        AnalyticsSettings,
        AuthSettings,
        CameraSettings,
        NotificationSettings,
        RealtimeSettings,
        WorkerSettings,
    ],
)
def test_errors_tell_no_values(monkeypatch: pytest.MonkeyPatch, kind: type[ServerSettings]) -> None:
    prefix = kind.model_config["env_prefix"]
    monkeypatch.setenv(f"{prefix}MAX_CONCURRENT_CALLS", "hunter2")
    with pytest.raises(ValidationError, match="max_concurrent_calls") as caught:
        kind()
    assert "hunter2" not in str(caught.value)
