"""Areas, in memory and in PostgreSQL."""

from dataclasses import replace

import pytest

from tally.camera.domain.area import Area, AreaSpec
from tally.camera.domain.errors import (
    AreaInUse,
    AreaNameTaken,
    AreaNotFound,
    AreaUnknown,
    SiteInUse,
    SiteUnknown,
)
from tally.camera.domain.model import Camera
from tally.camera.domain.ports import Begin
from tally.camera.domain.site import Site
from tally.kernel.ids import new_id
from tests.unit.camera.examples import LATER, NOON, PLAZA, area, site


async def save(begin: Begin, *made: Site | Area) -> None:
    async with begin() as work:
        for each in made:
            if isinstance(each, Site):
                await work.sites.save(each)
            else:
                await work.areas.save(each)


async def test_an_area_is_read_as_it_was_stored(begin: Begin) -> None:
    north = site("North")
    hall = area("Hall", north.id)
    await save(begin, north, hall)
    changed = hall.revise(AreaSpec(site_id=north.id, name="Great hall"), LATER)
    assert (changed.version, changed.update_time) == (2, LATER)
    assert changed.etag != hall.etag
    await save(begin, changed)
    async with begin() as work:
        assert await work.areas.get(hall.id) == changed
        assert await work.areas.hold(hall.id) == changed
        await work.areas.remove(hall.id)
        with pytest.raises(AreaNotFound):
            await work.areas.get(hall.id)


async def test_lists_are_by_name_and_keep_to_sites(begin: Begin) -> None:
    north, south = site("North"), site("South")
    halls = sorted((area("Hall", each.id) for each in (north, south)), key=lambda hall: hall.id)
    yard = area("Yard", north.id)
    await save(begin, north, south, yard, *halls)
    async with begin() as work:
        assert await work.areas.page("", None, 9, None) == [*halls, yard]
        assert await work.areas.page("", None, 1, None) == halls[:1]
        place = "Hall", halls[0].id
        assert await work.areas.page("", place, 9, None) == [halls[1], yard]
        of_south = [hall for hall in halls if hall.spec.site_id == south.id]
        assert await work.areas.page(south.id, None, 9, None) == of_south
        assert await work.areas.page("", None, 9, frozenset({south.id})) == of_south
        assert await work.areas.page(north.id, None, 9, frozenset({south.id})) == []


async def test_a_name_is_unique_within_its_site(begin: Begin) -> None:
    north, south = site("North"), site("South")
    await save(begin, north, south, area("Hall", north.id), area("Hall", south.id))
    with pytest.raises(AreaNameTaken, match="Hall"):
        await save(begin, area("Hall", north.id))
    with pytest.raises(SiteUnknown):
        await save(begin, area("Hall", new_id()))


async def test_a_camera_holds_its_area_and_an_area_its_site(begin: Begin) -> None:
    north, south = site("North"), site("South")
    hall = area("Hall", north.id)
    await save(begin, north, south, hall)
    elsewhere = replace(PLAZA, site_id=south.id, area_id=hall.id)
    with pytest.raises(AreaUnknown):
        async with begin() as work:
            await work.cameras.save(Camera.create(new_id(), elsewhere, NOON))
    there = Camera.create(new_id(), replace(elsewhere, site_id=north.id), NOON)
    async with begin() as work:
        await work.cameras.save(there)
    async with begin() as work:
        known = await work.cameras.get(there.id)
        assert (await work.read_model.get(there.id)).camera == known == there
    with pytest.raises(AreaInUse):
        async with begin() as work:
            await work.areas.remove(hall.id)
    async with begin() as work:
        await work.cameras.save(known.revise(replace(PLAZA, site_id=south.id), LATER))
    with pytest.raises(SiteInUse):
        async with begin() as work:
            await work.sites.remove(north, LATER)
    async with begin() as work:
        await work.areas.remove(hall.id)
        await work.sites.remove(north, LATER)
