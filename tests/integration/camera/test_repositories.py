"""What every repository and finder promises, kept by those in memory and those in PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tally.camera.domain.area import AreaSpec
from tally.camera.domain.listing import Condition, Property, in_state
from tally.camera.domain.model import Camera, CameraState, CameraView
from tally.camera.domain.ports import Begin, UnitOfWork
from tally.kernel.errors import NotFound
from tally.kernel.ids import new_id
from tally.kernel.repository import Repository
from tests.unit.camera.examples import LATER, NOON, PLAZA, area, camera, site, spec, status

NORTH = site("North")


@dataclass(frozen=True)
class Kind:
    """A kind of entity.

    Attributes:
        of: Its repository.
        fresh: A new one, as it is when it is stored.
        changed: The same, changed.
    """

    of: Callable[[UnitOfWork], Repository[Any]]
    fresh: Any
    changed: Any


_CAMERA, _SITE, _AREA = camera(), site("South"), area("Hall", NORTH.id)
KINDS = {
    "cameras": Kind(
        lambda work: work.cameras, _CAMERA, replace(_CAMERA, changes=()).activate(LATER)
    ),
    "sites": Kind(
        lambda work: work.sites, _SITE, _SITE.revise(replace(_SITE.spec, name="Far south"), LATER)
    ),
    "areas": Kind(
        lambda work: work.areas, _AREA, _AREA.revise(AreaSpec(site_id=NORTH.id, name="Yard"), LATER)
    ),
}


@pytest.fixture(params=KINDS)
async def kind(request: pytest.FixtureRequest, begin: Begin) -> Kind:
    async with begin() as work:
        await work.sites.save(NORTH)
    return KINDS[request.param]


async def test_what_was_never_saved_is_not_found(begin: Begin, kind: Kind) -> None:
    async with begin() as work:
        with pytest.raises(NotFound):
            await kind.of(work).get(new_id())


async def test_what_is_saved_is_got_again(begin: Begin, kind: Kind) -> None:
    async with begin() as work:
        await kind.of(work).save(kind.fresh)
    async with begin() as work:
        assert await kind.of(work).get(kind.fresh.id) == kind.fresh


async def test_a_change_is_saved_in_place_of_what_was(begin: Begin, kind: Kind) -> None:
    async with begin() as work:
        await kind.of(work).save(kind.fresh)
    async with begin() as work:
        await kind.of(work).save(kind.changed)
    async with begin() as work:
        assert await kind.of(work).get(kind.fresh.id) == kind.changed


@pytest.fixture
async def found(begin: Begin) -> dict[str, CameraView]:
    """A plaza camera that counts, two at a site of which one counts, all as they are shown."""
    plaza = Camera.create(new_id(), PLAZA, NOON).activate(NOON)
    door = Camera.create(new_id(), replace(spec("door"), site_id=NORTH.id), NOON)
    gate = Camera.create(new_id(), replace(spec("gate"), site_id=NORTH.id), NOON).activate(NOON)
    gone = camera("gone")
    async with begin() as work:
        await work.sites.save(NORTH)
    async with begin() as work:
        for each in (plaza, door, gate, gone.delete(LATER)):
            await work.cameras.save(each)
    async with begin() as work:
        await work.stream_statuses.record(gate.id, 1, status())
    return {
        "Plaza": CameraView(plaza, None),
        "door": CameraView(door, None),
        "gate": CameraView(gate, status()),
    }


ACTIVE = in_state(CameraState.ACTIVE)
AT_NORTH = Condition(Property.SITE, NORTH.id)


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        ((), {"Plaza", "door", "gate"}),
        ((ACTIVE,), {"Plaza", "gate"}),
        ((in_state(CameraState.INACTIVE),), {"door"}),
        ((AT_NORTH,), {"door", "gate"}),
        ((AT_NORTH, ACTIVE), {"gate"}),
        ((Condition(Property.NAME, "gone"),), set()),
    ],
)
async def test_finders_find_what_meets_all_conditions(
    begin: Begin,
    found: dict[str, CameraView],
    conditions: tuple[Condition, ...],
    names: set[str],
) -> None:
    expected = {name: view for name, view in found.items() if name in names}
    async with begin() as work:
        everything = [view async for view in work.read_model.find_all(*conditions)]
        assert {view.camera.spec.name: view for view in everything} == expected
        assert len(everything) == len(names)
        assert await work.read_model.count(*conditions) == len(names)
        one = await work.read_model.find_one(*conditions)
        assert one is None if not names else one in expected.values()


async def test_a_finder_gets_by_id(begin: Begin, found: dict[str, CameraView]) -> None:
    async with begin() as work:
        for view in found.values():
            assert await work.read_model.get(view.camera.id) == view
        with pytest.raises(NotFound):
            await work.read_model.get(new_id())
