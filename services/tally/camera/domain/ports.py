"""What the use cases need of the world."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from tally.camera.domain.ai_model import Installation
from tally.camera.domain.area import Area
from tally.camera.domain.credentials import Credentials
from tally.camera.domain.events import RecordedEvent
from tally.camera.domain.listing import CameraQuery, Condition
from tally.camera.domain.model import Camera, CameraView
from tally.camera.domain.model_switch import ModelSwitch
from tally.camera.domain.site import Site
from tally.camera.domain.status import CameraStatus
from tally.camera.domain.stream import StreamStatus
from tally.kernel import unit_of_work
from tally.kernel.idempotency import Requests
from tally.kernel.identity import Sites
from tally.kernel.repository import Finder, Repository
from tally.kernel.saga import Sagas


class CameraRepository(Repository[Camera], Protocol):
    """The cameras, as their events made them; one that is saved deleted is found no longer."""

    async def life(self, camera_id: str) -> Sequence[RecordedEvent]:
        """All that happened to a camera, oldest first; also to one that was deleted.

        Raises:
            CameraNotFound: There never was one.
        """

    async def save(self, camera: Camera) -> None:
        """Have the changes stored, shown in the read model and published when the unit of work ends.

        Until then `get` alone knows of them.

        Raises:
            ConcurrentChange: Somebody else stored a change since this camera was read.
            CameraNameTaken: Another camera has its name.
            SiteUnknown: There is no such site as it is to be at.
            AreaUnknown: That site has no such area as it is to be in.

        Each may be raised as late as the unit of work ends.
        """

    def all(self) -> AsyncIterator[Camera]:
        """Every camera that is not deleted, rebuilt from its events."""


class CameraReadModel(Finder[CameraView, Condition], Protocol):
    """The cameras, arranged for reading."""

    async def page(
        self, query: CameraQuery, after: tuple[str, str] | None, limit: int, sites: Sites
    ) -> Sequence[CameraView]:
        """At most `limit` cameras of these sites as the query says, from the first behind the place `after`."""

    async def statuses(self) -> Sequence[CameraStatus]:
        """How all cameras do."""

    async def detectors(self, sites: Sites) -> Mapping[str, int]:
        """How many cameras of these sites use each detector: what they name or, failing that, run with."""

    async def hold(self) -> None:
        """Have nobody else change cameras until this unit of work ends; others may read them."""

    async def replace(self, cameras: Collection[Camera]) -> None:
        """Show these cameras, which are held, and no others."""


class SiteRepository(Repository[Site], Protocol):
    """The sites."""

    async def hold(self, site_id: str) -> Site:
        """The site with this id, which nobody else changes until this unit of work ends.

        Raises:
            SiteNotFound: There is none.
        """

    async def page(self, after: str, limit: int, sites: Sites) -> Sequence[Site]:
        """At most `limit` of these sites in order of name, from the first whose name follows `after`."""

    async def save(self, site: Site) -> None:
        """Store a new site, or a changed one that is held, and have that published.

        Raises:
            SiteNameTaken: Another site has its name.
        """

    async def remove(self, site: Site, at: datetime) -> None:
        """Forget a site that is held, and have that published.

        Args:
            site: The site.
            at: Now.

        Raises:
            SiteInUse: There are cameras or areas at it.
        """


class AreaRepository(Repository[Area], Protocol):
    """The areas of sites."""

    async def hold(self, area_id: str) -> Area:
        """The area with this id, which nobody else changes until this unit of work ends.

        Raises:
            AreaNotFound: There is none.
        """

    async def page(
        self, site_id: str, after: tuple[str, str] | None, limit: int, sites: Sites
    ) -> Sequence[Area]:
        """At most `limit` areas in order of name and id.

        Args:
            site_id: The site whose areas; empty: of all.
            after: Name and id of the area that the first one follows; None for the first of all.
            limit: At most so many.
            sites: Of these sites only.
        """

    async def save(self, area: Area) -> None:
        """Store a new area, or a changed one that is held.

        Raises:
            AreaNameTaken: Another area of its site has its name.
            SiteUnknown: There is no such site.
        """

    async def remove(self, area_id: str) -> None:
        """Forget an area.

        Raises:
            AreaInUse: There are cameras in it.
        """


class ModelSwitches(Repository[ModelSwitch], Protocol):
    """The switches of detectors."""

    async def hold(self, switch_id: str) -> ModelSwitch:
        """The switch with this id, which nobody else changes until this unit of work ends.

        Raises:
            SwitchNotFound: There is none.
        """

    async def page(self, after: str, limit: int, sites: Sites) -> Sequence[ModelSwitch]:
        """At most `limit` switches that changed cameras at these sites, newest first.

        Args:
            after: Id of the switch that the first one follows; empty for the first of all.
            limit: At most so many.
            sites: As they were then.
        """


class StreamStatuses(Protocol):
    """What workers last said of the streams."""

    async def record(self, camera_id: str, epoch: int, status: StreamStatus) -> None:
        """Keep `status` if the camera is active and nothing newer is known.

        Args:
            camera_id: The camera.
            epoch: Counts the camera's assignments to workers; what a later one says is newer.
            status: What the worker said.
        """

    async def of(self, camera: Camera) -> StreamStatus | None:
        """What was last said of this camera's stream; None if it is not active."""

    async def clear(self, camera_id: str) -> None:
        """Forget what was said of this camera's stream."""


class Sealer(Protocol):
    """Encrypts credentials, so that workers alone can read them."""

    def seal(self, camera_id: str, uri: str, credentials: Credentials) -> bytes:
        """The credentials for this camera at this URI's host, encrypted; empty for nobody's.

        Raises:
            StreamKeysMissing: There is no key to encrypt with.
        """

    def reseal(self, camera_id: str, uri: str, sealed: bytes) -> bytes:
        """The same credentials under the key that seals now; `sealed` itself if they are.

        Raises:
            NoKey: The key that sealed them is not there.
            Unsealable: They are another camera's or host's, or were changed.
        """


class AiModels(Protocol):
    """What workers say of their models."""

    async def record(
        self, worker_id: str, time: datetime, installations: Sequence[Installation]
    ) -> None:
        """Keep what a worker said unless something newer is known."""

    async def since(self, time: datetime) -> Sequence[Installation]:
        """What the workers have that said so after `time`."""

    async def forget(self, before: datetime) -> None:
        """Remove what was said before."""


class UnitOfWork(Protocol):
    """One transaction: either everything done through it happens, or nothing."""

    @property
    def cameras(self) -> CameraRepository:
        """The cameras, to change."""

    @property
    def read_model(self) -> CameraReadModel:
        """The cameras, to read."""

    @property
    def sites(self) -> SiteRepository:
        """The sites where they are."""

    @property
    def areas(self) -> AreaRepository:
        """The areas of those."""

    @property
    def model_switches(self) -> ModelSwitches:
        """What was done to many of the cameras at once."""

    @property
    def stream_statuses(self) -> StreamStatuses:
        """How their streams do."""

    @property
    def ai_models(self) -> AiModels:
        """The models that workers have."""

    @property
    def create_requests(self) -> Requests:
        """What was asked for before."""

    @property
    def sagas(self) -> Sagas:
        """What takes more than one of these."""


Begin = unit_of_work.Begin[UnitOfWork]
"""Opens units of work."""
