"""Gives a camera the detector back that it had before a switch."""

from dataclasses import replace
from datetime import datetime

from tally.camera.domain.errors import CameraNotFound
from tally.camera.domain.model_switch import ModelSwitch, SwitchedCamera, SwitchOutcome
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites


async def put_back(
    switch: ModelSwitch, switched: SwitchedCamera, sites: Sites, now: datetime, work: UnitOfWork
) -> SwitchedCamera:
    """What becomes of the camera: it is left alone if somebody gave it yet another detector, or took it elsewhere.

    Args:
        switch: The switch, which is held.
        switched: One of its cameras that was not put back yet.
        sites: Where it may be put back.
        now: When.
        work: Has it stored.

    Raises:
        ConcurrentChange: Somebody else changed it at the same moment.
    """
    try:
        camera = await work.cameras.get(switched.camera_id)
    except CameraNotFound:
        return replace(switched, outcome=SwitchOutcome.GONE)
    if sites is not None and camera.spec.site_id not in sites:
        return switched  # moved to where others decide about it
    counting = camera.spec.counting
    if counting.detector != switch.to_detector:
        return replace(switched, outcome=SwitchOutcome.CHANGED_SINCE)
    spec = replace(camera.spec, counting=replace(counting, detector=switch.from_detector))
    revised = camera.revise(spec, now)
    await work.cameras.save(revised)
    return replace(switched, version=revised.version, outcome=SwitchOutcome.ROLLED_BACK)
