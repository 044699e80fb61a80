"""Finds one area."""

from dataclasses import dataclass

from tally.camera.domain.area import Area
from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class GetArea(Query[Area]):
    """Finds one area.

    Attributes:
        area_id: The area.
        sites: The sites where the caller may see cameras.
    """

    area_id: str
    sites: Sites


async def get_area(query: GetArea, work: UnitOfWork) -> Area:
    """The area.

    Raises:
        AreaNotFound: There is no such area of those sites.
    """
    area = await work.areas.get(query.area_id)
    area.require_at(query.sites)
    return area
