"""The ports in memory."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime

from tally.camera.domain.ai_model import Installation
from tally.camera.domain.area import Area
from tally.camera.domain.errors import (
    AreaInUse,
    AreaNameTaken,
    AreaNotFound,
    AreaUnknown,
    CameraNameTaken,
    CameraNotFound,
    SiteInUse,
    SiteNameTaken,
    SiteNotFound,
    SiteUnknown,
    SwitchNotFound,
)
from tally.camera.domain.events import CameraEvent, RecordedEvent
from tally.camera.domain.listing import CameraQuery, Condition
from tally.camera.domain.model import Camera, CameraState, CameraView
from tally.camera.domain.model_switch import ModelSwitch
from tally.camera.domain.site import Site
from tally.camera.domain.status import CameraStatus
from tally.camera.domain.stream import StreamStatus
from tally.kernel.errors import ConcurrentChange
from tally.kernel.idempotency import KEPT, CreateRequest, RequestIdReused
from tally.kernel.identity import Sites
from tally.kernel.saga import Saga, SagaNotFound, SagaState
from tally.kernel.unit_of_work import Mode


@dataclass
class Memory:
    """What a database would hold."""

    events: dict[str, tuple[CameraEvent, ...]] = field(default_factory=dict)
    cameras: dict[str, Camera] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)
    statuses: dict[str, tuple[int, StreamStatus]] = field(default_factory=dict)
    requests: dict[str, tuple[str, bytes, datetime]] = field(default_factory=dict)
    sagas: dict[str, Saga] = field(default_factory=dict)
    switches: dict[str, ModelSwitch] = field(default_factory=dict)
    models: dict[str, tuple[datetime, Sequence[Installation]]] = field(default_factory=dict)

    @asynccontextmanager
    async def begin(self, mode: Mode = Mode.CHANGE) -> AsyncIterator["MemoryUnitOfWork"]:
        draft = Memory(*(copy(table) for table in vars(self).values()))
        yield MemoryUnitOfWork(draft)
        if mode is Mode.READ:
            assert vars(draft) == vars(self)
        if mode is Mode.CHANGE:
            vars(self).update(vars(draft))


class MemoryUnitOfWork:
    def __init__(self, memory: Memory) -> None:
        self.cameras = MemoryCameras(memory)
        self.read_model = MemoryReadModel(memory)
        self.sites = MemorySites(memory)
        self.areas = MemoryAreas(memory)
        self.model_switches = MemoryModelSwitches(memory)
        self.stream_statuses = MemoryStreamStatuses(memory)
        self.create_requests = MemoryCreateRequests(memory)
        self.sagas = MemorySagas(memory)
        self.ai_models = MemoryAiModels(memory)


class MemoryCameras:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def get(self, camera_id: str) -> Camera:
        events = self._memory.events.get(camera_id, ())
        camera = Camera.from_events(events) if events else None
        if camera is None or camera.state is CameraState.DELETED:
            raise CameraNotFound(camera_id)
        return camera

    async def life(self, camera_id: str) -> Sequence[RecordedEvent]:
        if camera_id not in self._memory.events:
            raise CameraNotFound(camera_id)
        events = enumerate(self._memory.events[camera_id], 1)
        return [RecordedEvent(version, event, "") for version, event in events]

    async def save(self, camera: Camera) -> None:
        stored = self._memory.events.get(camera.id, ())
        if len(stored) != camera.stored_version:
            raise ConcurrentChange
        others = (other for other in self._memory.cameras.values() if other.id != camera.id)
        if any(other.spec.name == camera.spec.name for other in others):
            raise CameraNameTaken(camera.spec.name)
        if camera.spec.site_id and camera.spec.site_id not in self._memory.sites:
            raise SiteUnknown(camera.spec.site_id)
        if camera.spec.area_id:
            area = self._memory.areas.get(camera.spec.area_id)
            if area is None or area.spec.site_id != camera.spec.site_id:
                raise AreaUnknown(camera.spec.area_id)
        self._memory.events[camera.id] = (*stored, *camera.changes)
        if camera.state is CameraState.DELETED:
            self._memory.cameras.pop(camera.id, None)
        else:
            self._memory.cameras[camera.id] = replace(camera, changes=())

    async def all(self) -> AsyncIterator[Camera]:
        for events in self._memory.events.values():
            camera = Camera.from_events(events)
            if camera.state is not CameraState.DELETED:
                yield camera


class MemoryReadModel:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def get(self, camera_id: str) -> CameraView:
        if camera_id not in self._memory.cameras:
            raise CameraNotFound(camera_id)
        return self._view(self._memory.cameras[camera_id])

    async def statuses(self) -> Sequence[CameraStatus]:
        return [CameraStatus.of(self._view(camera)) for camera in self._memory.cameras.values()]

    async def detectors(self, sites: Sites) -> Mapping[str, int]:
        seen = (
            self._view(camera)
            for camera in self._memory.cameras.values()
            if sites is None or camera.spec.site_id in sites
        )
        used = (
            view.camera.spec.counting.detector
            or (view.stream_status.detector if view.stream_status else "")
            for view in seen
        )
        return Counter(filter(None, used))

    async def page(
        self, query: CameraQuery, after: tuple[str, str] | None, limit: int, sites: Sites
    ) -> Sequence[CameraView]:
        seen = (
            self._view(camera)
            for camera in self._memory.cameras.values()
            if sites is None or camera.spec.site_id in sites
        )
        met = [view for view in seen if all(each.holds(view) for each in query.conditions)]
        met.sort(key=query.place, reverse=query.descending)
        if after is not None:
            met = [
                view
                for view in met
                if (query.place(view) < after if query.descending else query.place(view) > after)
            ]
        return met[:limit]

    async def find_one(self, *conditions: Condition) -> CameraView | None:
        async for view in self.find_all(*conditions):
            return view
        return None

    async def find_all(self, *conditions: Condition) -> AsyncIterator[CameraView]:
        for view in map(self._view, self._memory.cameras.values()):
            if all(condition.holds(view) for condition in conditions):
                yield view

    async def count(self, *conditions: Condition) -> int:
        return len([view async for view in self.find_all(*conditions)])

    async def hold(self) -> None:
        pass

    async def replace(self, cameras: Collection[Camera]) -> None:
        self._memory.cameras = {camera.id: camera for camera in cameras}

    def _view(self, camera: Camera) -> CameraView:
        _, status = self._memory.statuses.get(camera.id, (0, None))
        return CameraView(camera, status)


class MemorySites:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def get(self, site_id: str) -> Site:
        if site_id not in self._memory.sites:
            raise SiteNotFound(site_id)
        return self._memory.sites[site_id]

    async def hold(self, site_id: str) -> Site:
        return await self.get(site_id)

    async def page(self, after: str, limit: int, sites: Sites) -> Sequence[Site]:
        seen = (each for each in self._memory.sites.values() if sites is None or each.id in sites)
        in_order = sorted(seen, key=lambda site: site.spec.name)
        return [site for site in in_order if site.spec.name > after][:limit]

    async def save(self, site: Site) -> None:
        others = (other for other in self._memory.sites.values() if other.id != site.id)
        if any(other.spec.name == site.spec.name for other in others):
            raise SiteNameTaken(site.spec.name)
        self._memory.sites[site.id] = site

    async def remove(self, site: Site, at: datetime) -> None:
        if any(camera.spec.site_id == site.id for camera in self._memory.cameras.values()):
            raise SiteInUse
        if any(area.spec.site_id == site.id for area in self._memory.areas.values()):
            raise SiteInUse
        del self._memory.sites[site.id]


class MemoryAreas:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def get(self, area_id: str) -> Area:
        if area_id not in self._memory.areas:
            raise AreaNotFound(area_id)
        return self._memory.areas[area_id]

    async def hold(self, area_id: str) -> Area:
        return await self.get(area_id)

    async def page(
        self, site_id: str, after: tuple[str, str] | None, limit: int, sites: Sites
    ) -> Sequence[Area]:
        met = [
            area
            for area in self._memory.areas.values()
            if site_id in ("", area.spec.site_id) and (sites is None or area.spec.site_id in sites)
        ]
        places = {(area.spec.name, area.id): area for area in met}
        return [places[place] for place in sorted(places) if not after or place > after][:limit]

    async def save(self, area: Area) -> None:
        if area.spec.site_id not in self._memory.sites:
            raise SiteUnknown(area.spec.site_id)
        others = (other for other in self._memory.areas.values() if other.id != area.id)
        if any(other.spec == area.spec for other in others):
            raise AreaNameTaken(area.spec.name)
        self._memory.areas[area.id] = area

    async def remove(self, area_id: str) -> None:
        if any(camera.spec.area_id == area_id for camera in self._memory.cameras.values()):
            raise AreaInUse
        del self._memory.areas[area_id]


class MemoryModelSwitches:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def get(self, switch_id: str) -> ModelSwitch:
        if switch_id not in self._memory.switches:
            raise SwitchNotFound(switch_id)
        return self._memory.switches[switch_id]

    async def hold(self, switch_id: str) -> ModelSwitch:
        return await self.get(switch_id)

    async def page(self, after: str, limit: int, sites: Sites) -> Sequence[ModelSwitch]:
        met = [
            switch
            for id_, switch in sorted(self._memory.switches.items(), reverse=True)
            if (not after or id_ < after)
            and (sites is None or any(camera.site_id in sites for camera in switch.cameras))
        ]
        return met[:limit]

    async def save(self, switch: ModelSwitch) -> None:
        self._memory.switches[switch.id] = switch


class MemoryStreamStatuses:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def record(self, camera_id: str, epoch: int, status: StreamStatus) -> None:
        camera = self._memory.cameras.get(camera_id)
        if camera is None or camera.state is not CameraState.ACTIVE:
            return
        known_epoch, known = self._memory.statuses.get(camera_id, (-1, status))
        if (epoch, status.update_time) > (known_epoch, known.update_time):
            self._memory.statuses[camera_id] = (epoch, status)

    async def of(self, camera: Camera) -> StreamStatus | None:
        if camera.state is not CameraState.ACTIVE:
            return None
        _, status = self._memory.statuses.get(camera.id, (0, None))
        return status

    async def clear(self, camera_id: str) -> None:
        self._memory.statuses.pop(camera_id, None)


class MemoryCreateRequests:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def claim(self, request: CreateRequest, resource_id: str, now: datetime) -> str | None:
        if not request.id:
            return None
        if request.id not in self._memory.requests:
            self._memory.requests[request.id] = (resource_id, request.digest, now)
            return None
        before, digest, _ = self._memory.requests[request.id]
        if digest != request.digest:
            raise RequestIdReused(request.id)
        return before

    async def sweep(self, now: datetime) -> None:
        self._memory.requests = {
            id_: known for id_, known in self._memory.requests.items() if known[2] >= now - KEPT
        }


class MemorySagas:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def get(self, saga_id: str) -> Saga:
        if saga_id not in self._memory.sagas:
            raise SagaNotFound(saga_id)
        return self._memory.sagas[saga_id]

    async def hold(self, saga_id: str) -> Saga:
        return await self.get(saga_id)

    async def save(self, saga: Saga) -> None:
        self._memory.sagas[saga.id] = saga

    async def page(
        self, kind: str, state: SagaState | None, after: str, limit: int, sites: Sites
    ) -> Sequence[Saga]:
        met = [
            saga
            for saga in self._memory.sagas.values()
            if saga.kind == kind
            and state in (None, saga.state)
            and (sites is None or saga.site_id in sites)
            and (not after or saga.id < after)
        ]
        return sorted(met, key=lambda saga: saga.id, reverse=True)[:limit]

    async def wake(self, subject_id: str, now: datetime) -> None:
        for saga in list(self._memory.sagas.values()):
            going = saga.state in (SagaState.RUNNING, SagaState.COMPENSATING)
            if saga.subject_id == subject_id and going:
                self._memory.sagas[saga.id] = replace(saga, next_time=now)

    async def forget(self, ended_before: datetime) -> None:
        ended = (SagaState.DONE, SagaState.UNDONE, SagaState.ABANDONED)
        for saga in list(self._memory.sagas.values()):
            if saga.state in ended and saga.update_time < ended_before:
                del self._memory.sagas[saga.id]


class MemoryAiModels:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def record(
        self, worker_id: str, time: datetime, installations: Sequence[Installation]
    ) -> None:
        known = self._memory.models.get(worker_id)
        if known is None or known[0] < time:
            self._memory.models[worker_id] = (time, installations)

    async def since(self, time: datetime) -> Sequence[Installation]:
        said = self._memory.models.values()
        return [each for at, installations in said if at > time for each in installations]

    async def forget(self, before: datetime) -> None:
        kept = {id_: said for id_, said in self._memory.models.items() if said[0] >= before}
        self._memory.models = kept
