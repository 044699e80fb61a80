"""Cameras between the contract's messages and the rows of files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from tally.api.camera.v1 import camera_pb2
from tally.cli.areas import areas_of
from tally.cli.camera_files import Problem, Row
from tally.cli.sites import site_names
from tally.kernel.stream_address import origin

STATES = {"active": camera_pb2.CAMERA_STATE_ACTIVE, "inactive": camera_pb2.CAMERA_STATE_INACTIVE}
_STATE_NAMES = {state: name for name, state in STATES.items()}
_FIELDS = ("name", "state", "site", "area", "location", "labels", "stream", "counting")
_GROUPS = {"location", "stream", "counting"}
"""Messages whose parts are changed one by one."""
_NOTHING_COUNTED = {
    "lines": [], "zones": [], "masks": [], "calibration": [], "detector": "", "classes": [],
    "max_frames_per_second": 0, "min_score": 0, "picture_retention": None, "schedule": None,
    "privacy": None,
}  # fmt: skip
_CREDENTIALS = "stream.credentials"


@dataclass(frozen=True, slots=True)
class Places:
    """What sites and areas are called.

    Attributes:
        sites: Names of the sites, by id.
        areas: Site and name of each area, by id.
    """

    sites: Mapping[str, str]
    areas: Mapping[str, tuple[str, str]]

    @classmethod
    async def read(cls, channel: grpc.aio.Channel) -> "Places":
        """All that the caller may see."""
        areas = {area.id: (area.site_id, area.name) for area in await areas_of(channel)}
        return cls(await site_names(channel), areas)

    def site_id(self, name: str) -> str | None:
        """The id of the site of this name; None if there is none."""
        return next((id_ for id_, called in self.sites.items() if called == name), None)

    def area_id(self, site_id: str, name: str) -> str | None:
        """The id of the site's area of this name; None if there is none."""
        return next((id_ for id_, place in self.areas.items() if place == (site_id, name)), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row wants of its camera.

    Attributes:
        camera: The camera, with what the row says.
        paths: The fields that the row says something of, as update masks name them, without credentials.
        active: Whether it is to be counted; None: as it is.
    """

    camera: camera_pb2.Camera
    paths: Sequence[str]
    active: bool | None

    def paths_for(self, present: camera_pb2.Camera) -> Sequence[str]:
        """The fields to change of a camera that is there.

        Nobody can tell whether credentials are the same: those that it has stay, as long as they go to the same host.
        """
        moved = "stream.uri" in self.paths and (
            origin(self.camera.stream.uri) != origin(present.stream.uri)
        )
        given = self.camera.stream.HasField("credentials")
        kept = present.stream.credentials_set and not moved
        return [*self.paths, *([_CREDENTIALS] if given and not kept else [])]


class Unreadable(Exception):
    """A row says something that no camera can have.

    Attributes:
        problems: All that was found.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.description for problem in problems))
        self.problems = problems


def values_of(camera: camera_pb2.Camera, places: Places) -> dict[str, Any]:
    """What a file says of a camera: all that users decide about, but for its credentials."""
    shown = MessageToDict(camera, preserving_proto_field_name=True)
    _, area = places.areas.get(camera.area_id, ("", ""))
    stream, place, counting = (shown.get(name, {}) for name in ("stream", "location", "counting"))
    return {
        "name": camera.name,
        "state": _STATE_NAMES[camera.state],
        "site": places.sites.get(camera.site_id, ""),
        "area": area,
        "location": {
            "description": place.get("description", ""),
            "point": {"latitude": 0.0, "longitude": 0.0} | place["point"]
            if "point" in place
            else None,
        },
        "labels": shown.get("labels", {}),
        "stream": {
            "uri": stream.get("uri", ""),
            "pace": stream.get("pace", ""),
            "credentials_set": camera.stream.credentials_set,
        },
        "counting": _NOTHING_COUNTED | counting,
    }


def wanted_by(row: Row, places: Places) -> Wanted:
    """What a row wants.

    Raises:
        Unreadable: It cannot be told.
    """
    problems = list(row.problems) or list(_problems(row.values))
    state = row.values.get("state")
    site_id, area_id = _place(row.values, places, problems)
    if problems:
        raise Unreadable(*problems)
    contract = {
        name: row.values[name] for name in ("name", *_GROUPS, "labels") if name in row.values
    }
    stream = contract.get("stream")
    if isinstance(stream, dict):
        known = {name: value for name, value in stream.items() if name != "credentials_set"}
        contract["stream"] = known
        if not known.get("credentials"):
            known.pop("credentials", None)
    try:
        camera = ParseDict(contract, camera_pb2.Camera(site_id=site_id, area_id=area_id))
    except ParseError as error:
        raise Unreadable(_problem(str(error))) from None
    return Wanted(camera, list(_paths(row.values)), None if not state else state == "active")


def _problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    for name in values:
        if name not in _FIELDS:
            yield Problem(name, f"is no field of a camera: use {', '.join(_FIELDS)}")
    if not values.get("name"):
        yield Problem("name", "is missing")
    for name in ("state", "site", "area"):
        if not isinstance(values.get(name), str | None):
            yield Problem(name, "is no text")
    if values.get("state") not in (None, "", *STATES):
        yield Problem("state", "must be active or inactive")
    location = values.get("location")
    point = location.get("point") if isinstance(location, dict) else None
    if isinstance(point, dict) and not (point.get("latitude") and point.get("longitude")):
        yield Problem("location.point", "needs latitude and longitude")


def _place(values: Mapping[str, Any], places: Places, problems: list[Problem]) -> tuple[str, str]:
    """The ids of the site and the area that a row names."""
    site, area = values.get("site") or "", values.get("area") or ""
    site_id = places.site_id(site) if site else ""
    if site_id is None:
        problems.append(Problem("site", f"no site is called {site}: tally sites create"))
        return "", ""
    area_id = places.area_id(site_id, area) if area else ""
    if area_id is None:
        where = site or "nowhere, as the row names no site"
        problems.append(Problem("area", f"no area of {where} is called {area}: tally areas create"))
    return site_id, area_id or ""


def _paths(values: Mapping[str, Any]) -> Iterator[str]:
    if "site" in values:
        yield "site_id"
    if "area" in values:
        yield "area_id"
    if "labels" in values:
        yield "labels"
    for group in sorted(_GROUPS & values.keys()):
        parts = values[group]
        if isinstance(parts, dict):
            inner = (f"{group}.{part}" for part in parts if not part.startswith("credentials"))
            yield from inner
        else:
            yield group


def _problem(text: str) -> Problem:
    """What `ParseDict` says is wrong, with the path that it names one way or another."""
    told, _, _ = text.partition("\n")
    steps = re.findall(r"Failed to parse (\w+) field: ", told)
    at = re.search(r"\bat \"?Camera\.?([\w.\[\]]*?)[\".]*$", told)
    description = re.sub(
        r"Failed to parse \w+ field: |\s*\bat \"?Camera[\w.\[\]]*\"?\.*$", "", told
    )
    description = re.sub(r'Message type "[\w.]+" has no field named', "has no field", description)
    return Problem(at[1] if at and at[1] else ".".join(steps), description.rstrip("."))
