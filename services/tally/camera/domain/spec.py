"""What callers decide about a camera."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from unicodedata import category

from tally.camera.domain.counting import (
    CountingConfig,
    calibration_problem,
    line_problem,
    polygon_problem,
)
from tally.camera.domain.errors import SiteForbidden
from tally.camera.domain.hours import hours_violations, time_zone_violations
from tally.camera.domain.location import NOWHERE, Location
from tally.camera.domain.stream import Stream, uri_problem
from tally.kernel.errors import FieldViolation, InvalidInput
from tally.kernel.identity import Sites
from tally.kernel.stream_address import StreamNetworks


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSpec:
    """What a camera is to be.

    Attributes:
        name: What people call it; unique among cameras.
        stream: Where its pictures come from.
        counting: Its lines and zones.
        labels: Free key-value pairs to group cameras by.
        site_id: The site where it is; empty if at none.
        area_id: The area of the site that it watches; empty if none.
        location: Where it hangs.
    """

    name: str
    stream: Stream
    counting: CountingConfig = field(default_factory=CountingConfig)
    labels: Mapping[str, str] = field(default_factory=dict)
    site_id: str = ""
    area_id: str = ""
    location: Location = NOWHERE

    def require_valid(self) -> None:
        """Refuse what the contract's own field rules cannot express.

        Raises:
            InvalidInput: With every violation; fields are named as in the contract.
        """
        violations = tuple(self._violations())
        if violations:
            raise InvalidInput(violations)

    def require_site(self, sites: Sites) -> None:
        """Refuse a camera at a site where its caller may not put any.

        Raises:
            SiteForbidden: It is at none of these.
        """
        if sites is not None and self.site_id not in sites:
            raise SiteForbidden(self.site_id)

    def require_allowed(self, networks: StreamNetworks) -> None:
        """Refuse a stream from an address that cameras may not have; workers look names up and check again.

        Raises:
            InvalidInput: It has such an address.
        """
        if problem := networks.uri_problem(self.stream.uri):
            raise InvalidInput([FieldViolation("camera.stream.uri", problem)])

    def _violations(self) -> Iterator[FieldViolation]:
        if problem := uri_problem(self.stream.uri):
            yield FieldViolation("camera.stream.uri", problem)
        if self.area_id and not self.site_id:
            yield FieldViolation("camera.area_id", "is a part of a site: name the site_id too")
        for index, line in enumerate(self.counting.lines):
            if problem := line_problem(line.points):
                yield FieldViolation(f"camera.counting.lines[{index}].points", problem)
        for index, zone in enumerate(self.counting.zones):
            if problem := polygon_problem(zone.polygon):
                yield FieldViolation(f"camera.counting.zones[{index}].polygon", problem)
        for index, mask in enumerate(self.counting.masks):
            if problem := polygon_problem(mask.polygon):
                yield FieldViolation(f"camera.counting.masks[{index}].polygon", problem)
        for index, area in enumerate(self.counting.privacy.areas):
            if problem := polygon_problem(area.polygon):
                yield FieldViolation(f"camera.counting.privacy.areas[{index}].polygon", problem)
        if problem := calibration_problem(self.counting.calibration):
            yield FieldViolation("camera.counting.calibration", problem)
        if schedule := self.counting.schedule:
            field_path = "camera.counting.schedule"
            yield from time_zone_violations(f"{field_path}.time_zone", schedule.time_zone)
            yield from hours_violations(f"{field_path}.hours", "ends", schedule.hours)
        for field_path, text in self._texts():
            if not text.isprintable() and any(category(character) == "Cc" for character in text):
                yield FieldViolation(field_path, "must not hold control characters")

    def _texts(self) -> Iterator[tuple[str, str]]:
        yield "camera.name", self.name
        yield "camera.location.description", self.location.description
        for index, line in enumerate(self.counting.lines):
            yield f"camera.counting.lines[{index}].name", line.name
            yield f"camera.counting.lines[{index}].in_name", line.in_name
            yield f"camera.counting.lines[{index}].out_name", line.out_name
        for index, zone in enumerate(self.counting.zones):
            yield f"camera.counting.zones[{index}].name", zone.name
        for index, name in enumerate(self.counting.classes):
            yield f"camera.counting.classes[{index}]", name
        for key, value in self.labels.items():
            yield f"camera.labels[{key!r}]", key + value
