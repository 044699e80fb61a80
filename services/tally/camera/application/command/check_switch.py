"""Looks whether the cameras of a switch count, and puts back those that do not in time."""

from dataclasses import dataclass, replace
from datetime import datetime

from tally.camera.application.put_back import put_back
from tally.camera.domain.errors import CameraNotFound
from tally.camera.domain.model import CameraState
from tally.camera.domain.model_switch import (
    WATCHED_FOR,
    ModelSwitch,
    SwitchedCamera,
    SwitchOutcome,
)
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.stream import StreamState
from tally.kernel.clock import Clock
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSwitch(Command[ModelSwitch]):
    """Looks once at the cameras of a switch that are watched still.

    Attributes:
        switch_id: The switch.
    """

    switch_id: str


@dataclass(frozen=True, slots=True)
class CheckSwitchHandler:
    """Handles it.

    Attributes:
        clock: Tells whether the time is over.
    """

    clock: Clock

    async def __call__(self, command: CheckSwitch, work: UnitOfWork) -> ModelSwitch:
        """The switch. Once a camera has counted, or somebody has taken it in hand, it is not watched any more.

        Raises:
            SwitchNotFound: There is no such switch.
            ConcurrentChange: Somebody else changed one of the cameras at the same moment.
        """
        switch, now = await work.model_switches.hold(command.switch_id), self.clock()
        checked = switch.became(
            [await _checked(switch, camera, now, work) for camera in switch.watched]
        )
        if checked != switch:
            await work.model_switches.save(checked)
        return checked


async def _checked(
    switch: ModelSwitch, switched: SwitchedCamera, now: datetime, work: UnitOfWork
) -> SwitchedCamera:
    try:
        view = await work.read_model.get(switched.camera_id)
    except CameraNotFound:
        return replace(switched, outcome=SwitchOutcome.GONE)
    camera, status = view.camera, view.stream_status
    if camera.state is not CameraState.ACTIVE:
        return replace(switched, watched=False)
    counts = status and status.last_frame_time and status.detector == switch.to_detector
    over = status and status.state in (StreamState.ENDED, StreamState.RESTING)
    if counts or over:
        return replace(switched, watched=False)
    if switch.watch_end_time and now < switch.watch_end_time:
        return switched
    back = await put_back(switch, switched, None, now, work)
    if back.outcome is not SwitchOutcome.ROLLED_BACK:
        return back
    silent = f"no frame was counted within {WATCHED_FOR.total_seconds():.0f} s"
    return replace(back, failure=(status.reason if status else "") or silent)
