"""Exchanges one detector for another in many cameras."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tally.camera.domain.ai_model import SILENT_AFTER, require_fit
from tally.camera.domain.errors import NothingToSwitch, TooManyCameras
from tally.camera.domain.listing import CameraQuery, Condition, using
from tally.camera.domain.model_switch import (
    MAX_CAMERAS,
    WATCH,
    WATCHED_FOR,
    ModelSwitch,
    SwitchedCamera,
)
from tally.camera.domain.ports import UnitOfWork
from tally.camera.domain.stream import StreamState
from tally.kernel.clock import Clock
from tally.kernel.idempotency import UNNAMED, CreateRequest
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command
from tally.kernel.saga import Saga


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchModel(Command[ModelSwitch]):
    """Gives another detector to the cameras that use one; a repeated request does so once.

    Attributes:
        from_detector: What they use; empty: what their worker chooses.
        to_detector: What they are to use.
        conditions: All of them hold for each of the cameras.
        actor: Who asks for it.
        request: What asks for it.
        put_back_on_failure: Whether cameras that stream now and do not count with the other detector are put back.
        validate_only: Whether to answer as if it were done, and to change nothing.
        sites: Where the caller may change cameras.
    """

    from_detector: str
    to_detector: str
    conditions: tuple[Condition, ...] = ()
    actor: str
    request: CreateRequest = UNNAMED
    put_back_on_failure: bool = False
    validate_only: bool = False
    sites: Sites


@dataclass(frozen=True, slots=True)
class SwitchModelHandler:
    """Handles it.

    Attributes:
        clock: Stamps what happens.
        new_id: Makes ids, the switch's and that of what watches it.
    """

    clock: Clock
    new_id: Callable[[], str]

    async def __call__(self, command: SwitchModel, work: UnitOfWork) -> ModelSwitch:
        """The switch, or the one that the same request made before, as it is now.

        Raises:
            RequestIdReused: The request id stands for another request.
            SwitchNotFound: The same request made a switch that is out of sight since.
            NothingToSwitch: No camera that is meant uses the detector.
            TooManyCameras: More cameras do than one transaction should change.
            DetectorNotInstalled: No worker has the other detector.
            ClassesMissing: It does not tell apart what some of them count.
            ConcurrentChange: Somebody else changed one of them at the same moment.
        """
        switch_id, now = self.new_id(), self.clock()
        before = await work.create_requests.claim(command.request, switch_id, now)
        if before is not None:
            return (await work.model_switches.get(before)).seen_at(command.sites)
        query = CameraQuery((using(command.from_detector), *command.conditions))
        found = await work.read_model.page(query, None, MAX_CAMERAS + 1, command.sites)
        if not found:
            raise NothingToSwitch(command.from_detector)
        if len(found) > MAX_CAMERAS:
            raise TooManyCameras(MAX_CAMERAS)
        installed = await work.ai_models.since(now - SILENT_AFTER)
        require_fit(command.to_detector, installed, [view.camera.spec for view in found])
        switched = []
        for view in found:
            camera = view.camera
            counting = replace(camera.spec.counting, detector=command.to_detector)
            revised = camera.revise(replace(camera.spec, counting=counting), now)
            await work.cameras.save(revised)
            status = view.stream_status
            streams = status is not None and status.state is StreamState.STREAMING
            switched.append(
                SwitchedCamera(
                    camera.id,
                    camera.spec.name,
                    camera.spec.site_id,
                    revised.version,
                    watched=command.put_back_on_failure and streams,
                )
            )
        switch = ModelSwitch(
            id=switch_id,
            from_detector=command.from_detector,
            to_detector=command.to_detector,
            actor=command.actor,
            cameras=tuple(switched),
            create_time=now,
            watch_end_time=now + WATCHED_FOR if command.put_back_on_failure else None,
        )
        await work.model_switches.save(switch)
        if switch.watch_end_time is not None:
            await work.sagas.save(
                Saga(
                    id=self.new_id(),
                    kind=WATCH,
                    subject_id=switch.id,
                    deadline=switch.watch_end_time,
                    next_time=now,
                    create_time=now,
                    update_time=now,
                )
            )
        return switch
