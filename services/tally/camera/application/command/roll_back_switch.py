"""Gives their former detector back to the cameras of a switch."""

from dataclasses import dataclass

from tally.camera.application.put_back import put_back
from tally.camera.domain.model_switch import ModelSwitch, SwitchOutcome
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.clock import Clock
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBackSwitch(Command[ModelSwitch]):
    """Gives their former detector back to the cameras of a switch that still have what it gave them.

    Attributes:
        switch_id: The switch.
        sites: Where the caller may change cameras.
    """

    switch_id: str
    sites: Sites


@dataclass(frozen=True, slots=True)
class RollBackSwitchHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
    """

    clock: Clock

    async def __call__(self, command: RollBackSwitch, work: UnitOfWork) -> ModelSwitch:
        """The switch, with what became of each camera; nothing happens to those that are put back already.

        Raises:
            SwitchNotFound: There is no such switch of cameras at those sites.
            ConcurrentChange: Somebody else changed one of them at the same moment.
        """
        switch, now = await work.model_switches.hold(command.switch_id), self.clock()
        pending = [
            camera
            for camera in switch.seen_at(command.sites).cameras
            if camera.outcome is SwitchOutcome.SWITCHED
        ]
        if pending:
            became = [
                await put_back(switch, camera, command.sites, now, work) for camera in pending
            ]
            switch = switch.became(became).rolled_back(now)
            await work.model_switches.save(switch)
        return switch.seen_at(command.sites)
