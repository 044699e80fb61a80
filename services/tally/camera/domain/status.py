"""How cameras do."""

from dataclasses import dataclass

from tally.camera.domain.model import CameraState, CameraView
from tally.camera.domain.stream import StreamStatus
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How a camera does.

    Attributes:
        camera_id: The camera.
        name: What people call it.
        site_id: Where it is; empty if at no site.
        state: Whether it is being counted.
        stream: What its worker last said of its stream; None while nothing was said.
    """

    camera_id: str
    name: str
    site_id: str
    state: CameraState
    stream: StreamStatus | None

    @classmethod
    def of(cls, view: CameraView) -> "CameraStatus":
        """How the camera that readers see does."""
        camera = view.camera
        return cls(
            camera.id, camera.spec.name, camera.spec.site_id, camera.state, view.stream_status
        )


@dataclass(frozen=True, slots=True)
class Interest:
    """Whose status somebody wants to know.

    Attributes:
        camera_ids: The cameras; empty means all.
        sites: Where they are.
    """

    camera_ids: frozenset[str] = frozenset()
    sites: Sites = None

    def includes(self, status: CameraStatus) -> bool:
        """Whether it is of interest."""
        if self.sites is not None and status.site_id not in self.sites:
            return False
        return not self.camera_ids or status.camera_id in self.camera_ids
