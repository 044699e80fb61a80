"""Watches the cameras of a switch until each of them counts or is put back, and tells people of the latter."""

from collections import defaultdict
from dataclasses import dataclass

import structlog

from tally.camera.application.command.check_switch import CheckSwitch
from tally.camera.application.query.get_switch import GetSwitch
from tally.camera.application.saga.provisioning import Notifier
from tally.camera.domain.model_switch import WATCH, SwitchedCamera
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.errors import FailedPrecondition
from tally.kernel.ids import derived_id
from tally.kernel.message_bus import MessageBus
from tally.kernel.saga import Plan, Saga, Step, Wait

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SwitchWatch:
    """The steps of watching a switch, each of use cases that change nothing when they are repeated.

    Attributes:
        use_cases: Those of the context.
        notifier: Tells people in the end.
    """

    use_cases: MessageBus[UnitOfWork]
    notifier: Notifier

    @property
    def plan(self) -> Plan:
        """The steps. There is no way back: what fails is put back camera by camera, not the watching undone."""
        return Plan(
            WATCH,
            (
                Step("see each camera count", self.check, retriable=True),
                Step("tell people", self.tell, retriable=True),
            ),
        )

    async def check(self, saga: Saga) -> Wait | None:
        """Look at the cameras once."""
        switch = await self.use_cases.execute(CheckSwitch(switch_id=saga.subject_id))
        waiting = len(switch.watched)
        return Wait(f"{waiting} have not counted yet") if waiting else None

    async def tell(self, saga: Saga) -> None:
        """Tell the people of each site which cameras were put back."""
        switch = await self.use_cases.execute(GetSwitch(switch_id=saga.subject_id, sites=None))
        by_site: dict[str, list[SwitchedCamera]] = defaultdict(list)
        for camera in switch.put_back:
            by_site[camera.site_id].append(camera)
        for site_id, cameras in by_site.items():
            first, *others = cameras
            who = f"{len(cameras)} cameras are" if others else f"{first.name} is"
            try:
                await self.notifier.notify(
                    derived_id(switch.id, site_id),
                    f"{who} put back: {switch.to_detector} did not count",
                    site_id=site_id,
                    camera_id="" if others else first.camera_id,
                )
            except FailedPrecondition as refusal:
                # The switch itself says what happened; somebody who may not send cannot be helped by trying again.
                _log.warning("people_not_told", switch=switch.id, why=str(refusal))
