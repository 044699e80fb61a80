"""The parts of sites."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from unicodedata import category

from tally.camera.domain.errors import AreaNotFound, SiteForbidden
from tally.camera.domain.etags import etag_of, require_etag
from tally.kernel.errors import FieldViolation, InvalidInput
from tally.kernel.identity import Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaSpec:
    """What an area is to be.

    Attributes:
        site_id: The site that it is a part of, for good.
        name: What people call it; unique within the site.
    """

    site_id: str
    name: str

    def require_valid(self) -> None:
        """Refuse what the contract's own field rules cannot express.

        Raises:
            InvalidInput: The name holds control characters.
        """
        if any(category(character) == "Cc" for character in self.name):
            raise InvalidInput([FieldViolation("area.name", "must not hold control characters")])

    def require_site(self, sites: Sites) -> None:
        """Refuse an area of a site where its caller may not make any.

        Raises:
            SiteForbidden: It is of none of these.
        """
        if sites is not None and self.site_id not in sites:
            raise SiteForbidden(self.site_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of a site.

    Attributes:
        id: Its identifier.
        spec: What its users decided about it.
        version: How often it was stored, from 1.
        create_time: When it came into being.
        update_time: When it last changed.
    """

    id: str
    spec: AreaSpec
    version: int
    create_time: datetime
    update_time: datetime

    @property
    def etag(self) -> str:
        """Stands for this version of this area and tells nothing else."""
        return etag_of(self.id, self.version)

    def require_at(self, sites: Sites) -> None:
        """Hide the area from callers who may act elsewhere only.

        Raises:
            AreaNotFound: It is of none of these sites.
        """
        if sites is not None and self.spec.site_id not in sites:
            raise AreaNotFound(self.id)

    def require_etag(self, etag: str) -> None:
        """Refuse a caller who read another version; an empty etag stands for any.

        Raises:
            EtagMismatch: It is another version's.
        """
        require_etag("area", etag, self.etag)

    def revise(self, spec: AreaSpec, at: datetime) -> Self:
        """The area as `spec` says; what is so already changes nothing.

        Raises:
            InvalidInput: The name holds control characters.
        """
        spec.require_valid()
        if spec == self.spec:
            return self
        return replace(self, spec=spec, version=self.version + 1, update_time=at)
