"""Deletes an area."""

from dataclasses import dataclass

from tally.camera.domain.ports import UnitOfWork
from tally.kernel.identity import Sites
from tally.kernel.message_bus import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteArea(Command[None]):
    """Deletes an area in which there are no cameras.

    Attributes:
        area_id: The area.
        etag: The etag that the area must still have; empty for any.
        sites: The sites where the caller may delete cameras.
    """

    area_id: str
    etag: str = ""
    sites: Sites


async def delete_area(command: DeleteArea, work: UnitOfWork) -> None:
    """Delete it.

    Raises:
        AreaNotFound: There is no such area of those sites.
        EtagMismatch: It has another etag.
        AreaInUse: There are cameras in it.
    """
    area = await work.areas.hold(command.area_id)
    area.require_at(command.sites)
    area.require_etag(command.etag)
    await work.areas.remove(area.id)
