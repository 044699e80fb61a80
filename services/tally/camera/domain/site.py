"""Where cameras are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from unicodedata import category

from tally.camera.domain.etags import etag_of, require_etag
from tally.camera.domain.hours import Hours, hours_violations, time_zone_violations
from tally.kernel.errors import FieldViolation, InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSpec:
    """What a site is to be.

    Attributes:
        name: What people call it; unique among sites.
        time_zone: Its name in the IANA database.
        address: Where people find it.
        capacity: How many people it holds; 0 if nobody said.
        opening_hours: When it is open; empty if nobody said.
    """

    name: str
    time_zone: str
    address: str = ""
    capacity: int = 0
    opening_hours: tuple[Hours, ...] = ()

    def require_valid(self) -> None:
        """Refuse what the contract's own field rules cannot express.

        Raises:
            InvalidInput: With every violation; fields are named as in the contract.
        """
        violations = tuple(self._violations())
        if violations:
            raise InvalidInput(violations)

    def _violations(self) -> Iterator[FieldViolation]:
        for name, text in (("name", self.name), ("address", self.address)):
            if any(category(character) == "Cc" for character in text):
                yield FieldViolation(f"site.{name}", "must not hold control characters")
        yield from time_zone_violations("site.time_zone", self.time_zone)
        yield from hours_violations("site.opening_hours", "closes", self.opening_hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place where cameras are.

    Attributes:
        id: Its identifier.
        spec: What its users decided about it.
        version: How often it was stored, from 1.
        create_time: When it came into being.
        update_time: When it last changed.
    """

    id: str
    spec: SiteSpec
    version: int
    create_time: datetime
    update_time: datetime

    @classmethod
    def create(cls, site_id: str, spec: SiteSpec, at: datetime) -> Self:
        """A new site.

        Raises:
            InvalidInput: There is no such time zone, or opening hours make no sense.
        """
        spec.require_valid()
        return cls(id=site_id, spec=spec, version=1, create_time=at, update_time=at)

    @property
    def etag(self) -> str:
        """Stands for this version of this site and tells nothing else."""
        return etag_of(self.id, self.version)

    def require_etag(self, etag: str) -> None:
        """Refuse a caller who read another version; an empty etag stands for any.

        Raises:
            EtagMismatch: It is another version's.
        """
        require_etag("site", etag, self.etag)

    def revise(self, spec: SiteSpec, at: datetime) -> Self:
        """The site as `spec` says; what is so already changes nothing.

        Raises:
            InvalidInput: There is no such time zone, or opening hours make no sense.
        """
        spec.require_valid()
        if spec == self.spec:
            return self
        return replace(self, spec=spec, version=self.version + 1, update_time=at)
