"""What can go wrong with cameras; the reasons are those of the contract's `ErrorReason`."""

from collections.abc import Sequence

from tally.kernel.errors import (
    AlreadyExists,
    Conflict,
    FailedPrecondition,
    NotFound,
    PermissionDenied,
)


class CameraNotFound(NotFound):
    """No camera has this id."""

    reason = "CAMERA_NOT_FOUND"

    def __init__(self, camera_id: str) -> None:
        super().__init__(f"no camera has the id {camera_id}", metadata={"camera_id": camera_id})


class CameraNameTaken(AlreadyExists):
    """Another camera has this name."""

    reason = "CAMERA_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(f"another camera is called {name!r}: choose a name that is free")


class EtagMismatch(Conflict):
    """What the caller read has changed since."""

    reason = "ETAG_MISMATCH"

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} has changed since it was read: read it again, then repeat")


class StreamKeysMissing(FailedPrecondition):
    """The server has no key to encrypt credentials with."""

    reason = "STREAM_KEYS_MISSING"

    def __init__(self) -> None:
        super().__init__(
            "the server has no key to encrypt credentials with: set TALLY_CAMERA_STREAM_KEYS"
        )


class CameraInactive(FailedPrecondition):
    """Nobody watches the camera."""

    reason = "CAMERA_INACTIVE"

    def __init__(self) -> None:
        super().__init__("the camera is not active, so nobody watches it: activate it first")


class NoFrame(FailedPrecondition):
    """The camera's worker gets no frames."""

    reason = "NO_FRAME"

    def __init__(self, state: str, why: str) -> None:
        super().__init__(
            f"the camera shows nothing: {why or 'its worker is opening the stream'}",
            metadata={"state": state},
        )


class PeopleHidden(PermissionDenied):
    """The caller may not see people as they are."""

    reason = "PEOPLE_HIDDEN"

    def __init__(self) -> None:
        super().__init__(
            "only those who may write the camera see people as they are: leave show_people out"
        )


class PeopleAlwaysHidden(FailedPrecondition):
    """The camera hides people from everybody."""

    reason = "PEOPLE_ALWAYS_HIDDEN"

    def __init__(self) -> None:
        super().__init__("the camera hides people from everybody: leave show_people out")


class SiteForbidden(PermissionDenied):
    """The caller may not put cameras, or make areas, at this site."""

    reason = "SITE_FORBIDDEN"

    def __init__(self, site_id: str) -> None:
        where = f"at the site {site_id}" if site_id else "at no site"
        super().__init__(f"the caller may put nothing {where}: name a site of their own")


class SiteNotFound(NotFound):
    """No site has this id."""

    reason = "SITE_NOT_FOUND"

    def __init__(self, site_id: str) -> None:
        super().__init__(f"no site has the id {site_id}", metadata={"site_id": site_id})


class SiteNameTaken(AlreadyExists):
    """Another site has this name."""

    reason = "SITE_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(f"another site is called {name!r}: choose a name that is free")


class SiteInUse(FailedPrecondition):
    """There are cameras or areas at the site."""

    reason = "SITE_IN_USE"

    def __init__(self) -> None:
        super().__init__(
            "there are cameras or areas at the site: delete them or move the cameras first"
        )


class SiteUnknown(FailedPrecondition):
    """A camera is to be at a site that does not exist."""

    reason = "SITE_UNKNOWN"

    def __init__(self, site_id: str) -> None:
        super().__init__(
            f"no site has the id {site_id}: create it first", metadata={"site_id": site_id}
        )


class AreaNotFound(NotFound):
    """No area has this id."""

    reason = "AREA_NOT_FOUND"

    def __init__(self, area_id: str) -> None:
        super().__init__(f"no area has the id {area_id}", metadata={"area_id": area_id})


class AreaNameTaken(AlreadyExists):
    """Another area of the site has this name."""

    reason = "AREA_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"another area of the site is called {name!r}: choose a name that is free there"
        )


class AreaInUse(FailedPrecondition):
    """There are cameras in the area."""

    reason = "AREA_IN_USE"

    def __init__(self) -> None:
        super().__init__("there are cameras in the area: delete or move them first")


class AreaUnknown(FailedPrecondition):
    """A camera is to be in an area that its site does not have."""

    reason = "AREA_UNKNOWN"

    def __init__(self, area_id: str) -> None:
        super().__init__(
            f"the camera's site has no area with the id {area_id}: create it first, or name another",
            metadata={"area_id": area_id},
        )


class SwitchNotFound(NotFound):
    """No switch has this id."""

    reason = "SWITCH_NOT_FOUND"

    def __init__(self, switch_id: str) -> None:
        super().__init__(f"no switch has the id {switch_id}", metadata={"switch_id": switch_id})


class NothingToSwitch(FailedPrecondition):
    """None of the cameras uses the detector that is to be exchanged."""

    reason = "NOTHING_TO_SWITCH"

    def __init__(self, detector: str) -> None:
        what = f"uses {detector}" if detector else "leaves its detector to its worker"
        super().__init__(f"no camera that is selected and that you may change {what}")


class TooManyCameras(FailedPrecondition):
    """More cameras use the detector than one switch changes."""

    reason = "TOO_MANY_CAMERAS"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"a switch changes at most {limit} cameras: select fewer, such as those of one site",
            metadata={"limit": str(limit)},
        )


class AiModelNotFound(NotFound):
    """No worker has a model of this name."""

    reason = "AI_MODEL_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(f"no worker has a model called {name!r}: see `tally models status`")


class DetectorNotInstalled(FailedPrecondition):
    """No worker has the detector that cameras are to use."""

    reason = "DETECTOR_NOT_INSTALLED"

    def __init__(self, detector: str) -> None:
        super().__init__(
            f"no worker has the detector {detector!r}: install it first, see `tally models status`",
            metadata={"detector": detector},
        )


class ClassesMissing(FailedPrecondition):
    """A detector cannot tell apart what some cameras count."""

    reason = "CLASSES_MISSING"

    def __init__(self, detector: str, cameras: Sequence[str]) -> None:
        names = ", ".join(cameras[:10])
        super().__init__(
            f"the detector {detector!r} does not tell apart what {len(cameras)} of the cameras count: {names}; "
            "change what they count, or select others",
            metadata={"cameras": names},
        )
