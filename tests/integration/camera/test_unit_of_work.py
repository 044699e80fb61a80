"""The ports in memory and in PostgreSQL keep the same promises."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError

from tally.camera.adapters.repository import SNAPSHOT_EVERY
from tally.camera.adapters.tables import snapshots
from tally.camera.adapters.unit_of_work import units_of_work
from tally.camera.application.command.rebuild_read_model import (
    RebuildReadModel,
    rebuild_read_model,
)
from tally.camera.domain.counting import CountingConfig
from tally.camera.domain.errors import (
    CameraNameTaken,
    CameraNotFound,
    SiteInUse,
    SiteNameTaken,
    SiteNotFound,
    SiteUnknown,
)
from tally.camera.domain.listing import CameraQuery, Condition, Order, Property
from tally.camera.domain.location import Location
from tally.camera.domain.model import Camera, CameraView
from tally.camera.domain.ports import Begin
from tally.camera.domain.rebuilding import Difference, Disagreement
from tally.camera.domain.site import Site
from tally.camera.domain.stream import Stream, StreamState, StreamStatus
from tally.kernel.database import Database
from tally.kernel.errors import ConcurrentChange
from tally.kernel.idempotency import KEPT, UNNAMED, CreateRequest, RequestIdReused
from tally.kernel.ids import new_id
from tally.kernel.migrations import upgrade
from tally.kernel.unit_of_work import Mode
from tests.unit.camera.examples import LATER, NOON, PLAZA, area, camera, site, spec, status


async def store(begin: Begin, *fresh: Camera) -> list[Camera]:
    """Save the cameras and return them as they are read again."""
    async with begin() as work:
        for each in fresh:
            await work.cameras.save(each)
    async with begin() as work:
        return [await work.cameras.get(each.id) for each in fresh]


BY_NAME = CameraQuery()
NORTH = "0190a5b2-0000-7000-8000-00000000000a"
HALL = replace(area("Hall", NORTH), id="0190a5b2-0000-7000-8000-00000000000b")
SECOND = timedelta(seconds=1)


async def store_sites(begin: Begin, *sites: Site) -> None:
    async with begin() as work:
        for each in sites:
            await work.sites.save(each)


async def view(begin: Begin, camera_id: str) -> CameraView:
    async with begin() as work:
        return await work.read_model.get(camera_id)


async def test_a_camera_is_read_as_it_was_stored(begin: Begin) -> None:
    lived = (
        camera()
        .activate(NOON)
        .revise(replace(PLAZA, name="b", counting=CountingConfig(), labels={}), LATER)
    )
    [known] = await store(begin, lived)
    assert known == lived
    assert known.changes == ()
    assert await view(begin, known.id) == CameraView(lived, None)


async def test_changes_are_appended_to_what_is_stored(begin: Begin) -> None:
    [known] = await store(begin, camera())
    [changed] = await store(
        begin, known.revise(replace(PLAZA, stream=Stream("demo://plaza")), LATER)
    )
    assert (changed.version, changed.create_time, changed.update_time) == (2, NOON, LATER)
    assert (await view(begin, known.id)).camera == changed


async def lead_a_long_life(begin: Begin, fresh: Camera) -> Camera:
    """Far more changes than it takes to write a snapshot."""
    [known] = await store(begin, fresh)
    for number in range(2 * SNAPSHOT_EVERY + 5):
        async with begin() as work:
            known = await work.cameras.get(fresh.id)
            changed = known.revise(replace(PLAZA, labels={"n": str(number)}), LATER)
            await work.cameras.save(changed.reseal(bytes([number, 255]), LATER))
    async with begin() as work:
        return await work.cameras.get(fresh.id)


async def test_a_long_life_makes_the_camera_that_its_events_make(begin: Begin) -> None:
    known = await lead_a_long_life(begin, camera())
    async with begin() as work:
        life = await work.cameras.life(known.id)
    assert known == Camera.from_events([recorded.event for recorded in life])
    assert (await view(begin, known.id)).camera == known


async def test_a_snapshot_is_never_needed(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upgrade(database_dsn, "tally.camera.migrations")
    database = Database(database_dsn)
    begin = units_of_work(database)
    known = await lead_a_long_life(begin, camera())
    async with database.begin() as connection:
        [snapshot] = (await connection.execute(select(snapshots))).all()
        assert known.version - snapshot.version < SNAPSHOT_EVERY
    monkeypatch.setattr("tally.camera.adapters.repository.SCHEMA", "another")
    async with begin() as work:
        assert await work.cameras.get(known.id) == known
    async with database.begin() as connection:
        [renewed] = (await connection.execute(select(snapshots))).all()
        assert (renewed.schema, renewed.version) == ("another", known.version)
        await connection.execute(delete(snapshots))
    async with begin() as work:
        assert await work.cameras.get(known.id) == known
    await database.close()


async def test_what_is_saved_is_there_for_who_changes_it_further(begin: Begin) -> None:
    fresh = camera()
    async with begin() as work:
        await work.cameras.save(fresh)
        await work.cameras.save((await work.cameras.get(fresh.id)).activate(LATER))
    assert (await view(begin, fresh.id)).camera == fresh.activate(LATER)


async def test_of_many_saved_cameras_all_are_stored_or_none(begin: Begin) -> None:
    await store(begin, camera("taken"))
    fresh = [camera(name) for name in ("a", "b", "taken")]
    with pytest.raises(CameraNameTaken):
        await store(begin, *fresh)
    async with begin() as work:
        assert len(await work.read_model.page(BY_NAME, None, 10, None)) == 1
    await store(begin, *fresh[:2])


async def test_an_unknown_camera_is_not_found(begin: Begin) -> None:
    async with begin() as work:
        with pytest.raises(CameraNotFound):
            await work.cameras.get(new_id())
        with pytest.raises(CameraNotFound):
            await work.read_model.get(new_id())


async def test_a_deleted_camera_is_not_found_and_frees_its_name(begin: Begin) -> None:
    [known] = await store(begin, camera("a"))
    async with begin() as work:
        await work.cameras.save(known.delete(LATER))
    async with begin() as work:
        with pytest.raises(CameraNotFound):
            await work.cameras.get(known.id)
        with pytest.raises(CameraNotFound):
            await work.read_model.get(known.id)
    await store(begin, camera("a"))


async def test_a_change_of_an_older_version_is_refused(begin: Begin) -> None:
    [known] = await store(begin, camera())
    await store(begin, known.activate(LATER))
    with pytest.raises(ConcurrentChange):
        await store(begin, known.revise(spec("b"), LATER))
    with pytest.raises(ConcurrentChange):
        await store(begin, known.delete(LATER))
    assert (await view(begin, known.id)).camera.version == 2


async def test_two_cameras_cannot_have_one_name(begin: Begin) -> None:
    _, second = await store(begin, camera("a"), camera("b"))
    with pytest.raises(CameraNameTaken, match="'a'"):
        await store(begin, camera("a"))
    with pytest.raises(CameraNameTaken, match="'a'"):
        await store(begin, second.revise(spec("a"), LATER))
    assert (await view(begin, second.id)).camera == second


async def test_an_error_undoes_the_whole_unit_of_work(begin: Begin) -> None:
    fresh = camera()

    async def fail() -> None:
        async with begin() as work:
            await work.cameras.save(fresh)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with begin() as work:
        with pytest.raises(CameraNotFound):
            await work.cameras.get(fresh.id)
        assert list(await work.read_model.page(BY_NAME, None, 10, None)) == []


async def test_what_is_tried_shows_whether_it_is_possible_and_changes_nothing(begin: Begin) -> None:
    [known] = await store(begin, camera("a"))
    north = site("North")
    async with begin(Mode.TRY) as work:
        await work.sites.save(north)
        await work.cameras.save(camera("b"))
    with pytest.raises(CameraNameTaken):
        async with begin(Mode.TRY) as work:
            await work.cameras.save(camera("a"))
    async with begin(Mode.TRY) as work:
        await work.cameras.save(known.activate(LATER))
    async with begin() as work:
        assert await work.read_model.count() == 1
        assert await work.cameras.get(known.id) == known
        with pytest.raises(SiteNotFound):
            await work.sites.get(north.id)


async def test_who_only_reads_can_change_nothing(database_dsn: str) -> None:
    await upgrade(database_dsn, "tally.camera.migrations")
    database = Database(database_dsn, pool_size=1)
    begin = units_of_work(database)
    with pytest.raises(DBAPIError, match="read-only"):
        async with begin(Mode.READ) as work:
            await work.sites.save(site("North"))
    with pytest.raises(RuntimeError):
        async with begin(Mode.READ) as work:
            await work.cameras.save(camera("a"))
    async with begin() as work:
        assert await work.read_model.count() == 0
    await store_sites(begin, site("North"))
    await store(begin, camera("a"))
    await database.close()


async def test_pages_are_in_order_of_name(begin: Begin) -> None:
    names = ["Zebra", "apple", "Äpfel", "a b", "ab", "a", "日本", "\N{GRINNING FACE}"]
    await store(begin, *(camera(name) for name in names))
    async with begin() as work:
        everything = await work.read_model.page(BY_NAME, None, 100, None)
        assert [found.camera.spec.name for found in everything] == sorted(names)
        place = BY_NAME.place(everything[2])
        second = await work.read_model.page(BY_NAME, place, 3, None)
        assert [found.camera.spec.name for found in second] == sorted(names)[3:6]
        last = BY_NAME.place(everything[-1])
        assert list(await work.read_model.page(BY_NAME, last, 3, None)) == []


async def test_pages_keep_to_sites(begin: Begin) -> None:
    north, south = new_id(), new_id()
    await store_sites(begin, site("North", north), site("South", south))
    sites = {"a": north, "b": "", "c": south, "d": north}
    specs = [replace(PLAZA, name=name, site_id=site) for name, site in sites.items()]
    await store(begin, *(Camera.create(new_id(), spec, NOON) for spec in specs))
    async with begin() as work:
        for asked, names in (
            (None, "abcd"),
            (frozenset({north}), "ad"),
            (frozenset({north, south}), "acd"),
            (frozenset({new_id()}), ""),
            (frozenset[str](), ""),
        ):
            page = await work.read_model.page(BY_NAME, None, 10, asked)
            assert [found.camera.spec.name for found in page] == list(names)
        page_of_north = await work.read_model.page(BY_NAME, None, 10, frozenset({north}))
        first = BY_NAME.place(page_of_north[0])
        later = await work.read_model.page(BY_NAME, first, 1, frozenset({north}))
        assert [found.camera.spec.name for found in later] == ["d"]


@pytest.mark.parametrize(
    ("of", "value", "label", "names"),
    [
        (Property.NAME, "Äpfel", "", "Äpfel"),
        (Property.STATE, "active", "", "door"),
        (Property.STREAM_STATE, "streaming", "", "door"),
        (Property.SITE, "", "", "door porch 100%_"),
        (Property.SITE, NORTH, "", "Äpfel"),
        (Property.AREA, "", "", "door porch 100%_"),
        (Property.AREA, HALL.id, "", "Äpfel"),
        (Property.LABEL, "1", "floor", "door"),
        (Property.LABEL, None, "site", "Äpfel 100%_"),
        (Property.LABEL, "1", "100%", ""),
        (Property.TEXT, "DOO", "", "door"),
        (Property.TEXT, "äPF", "", "Äpfel"),
        (Property.TEXT, "%_", "", "100%_"),
        (Property.TEXT, "", "", "door porch 100%_ Äpfel"),
        (Property.TEXT, "über dem", "", "porch"),
    ],
)
async def test_lists_show_what_meets_all_conditions(
    begin: Begin, of: Property, value: str | None, label: str, names: str
) -> None:
    await store_sites(begin, site("North", NORTH))
    async with begin() as work:
        await work.areas.save(HALL)
    door, *_ = await store(
        begin,
        Camera.create(new_id(), replace(spec("door"), labels={"floor": "1"}), NOON).activate(NOON),
        Camera.create(
            new_id(),
            replace(spec("porch"), labels={"floor": "2"}, location=Location("Über dem Tor")),
            NOON,
        ),
        Camera.create(new_id(), replace(spec("Äpfel"), site_id=NORTH, area_id=HALL.id), NOON),
        camera("100%_"),
    )
    async with begin() as work:
        await work.stream_statuses.record(door.id, 1, status())
        everything = {"door", "porch", "Äpfel", "100%_"}
        for negated, shown in ((False, {*names.split()}), (True, everything - {*names.split()})):
            query = CameraQuery((Condition(of, value, label, negated),))
            page = await work.read_model.page(query, None, 10, None)
            assert {view.camera.spec.name for view in page} == shown
        both = (Condition(of, value, label), Condition(Property.NAME, "porch"))
        page = await work.read_model.page(CameraQuery(both), None, 10, None)
        assert [view.camera.spec.name for view in page] == ["porch"] * ("porch" in names)


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("descending", [False, True])
async def test_lists_are_cut_into_pages_in_every_order(
    begin: Begin, order: Order, descending: bool
) -> None:
    times = [NOON, LATER, NOON, LATER + SECOND, NOON + SECOND / 4]
    made = [Camera.create(new_id(), spec(f"{n}"), time) for n, time in enumerate(times)]
    await store(begin, *made)
    query = CameraQuery((), order, descending)
    shown: list[CameraView] = []
    async with begin() as work:
        while page := await work.read_model.page(
            query, query.place(shown[-1]) if shown else None, 2, None
        ):
            shown += page
    places = [query.place(view) for view in shown]
    assert places == sorted(places, reverse=descending)
    assert {view.camera.id for view in shown} == {camera.id for camera in made}
    assert len(shown) == len(made)


async def test_all_that_happened_to_a_camera_is_kept(begin: Begin) -> None:
    [known] = await store(begin, camera().activate(NOON))
    await store(begin, known.revise(spec("b"), LATER))
    async with begin() as work:
        life = await work.cameras.life(known.id)
        assert [recorded.version for recorded in life] == [1, 2, 3]
        assert Camera.at_moment(life, 2) == known
        await work.cameras.save((await work.cameras.get(known.id)).delete(LATER))
    async with begin() as work:
        assert len(await work.cameras.life(known.id)) == 4
        with pytest.raises(CameraNotFound):
            await work.cameras.life(new_id())


async def test_a_site_is_read_as_it_was_stored(begin: Begin) -> None:
    first = site("North")
    await store_sites(begin, first, site("South"))
    changed = first.revise(replace(first.spec, name="Far north", capacity=9), LATER)
    await store_sites(begin, changed)
    async with begin() as work:
        assert await work.sites.hold(first.id) == changed
        assert await work.sites.get(first.id) == changed
        page = await work.sites.page("", 1, None)
        assert page == [changed]
        assert [each.spec.name for each in await work.sites.page("Far north", 9, None)] == ["South"]
        assert await work.sites.page("", 9, frozenset({first.id})) == [changed]
        assert await work.sites.page("", 9, frozenset[str]()) == []
        with pytest.raises(SiteNotFound):
            await work.sites.get(new_id())


async def test_two_sites_cannot_have_one_name(begin: Begin) -> None:
    await store_sites(begin, site("North"))
    with pytest.raises(SiteNameTaken, match="North"):
        await store_sites(begin, site("North"))


async def test_a_camera_holds_its_site(begin: Begin) -> None:
    north = site("North")
    there = Camera.create(new_id(), replace(PLAZA, site_id=north.id), NOON)
    with pytest.raises(SiteUnknown):
        await store(begin, there)
    await store_sites(begin, north)
    [known] = await store(begin, there)
    with pytest.raises(SiteInUse):
        async with begin() as work:
            await work.sites.remove(north, LATER)
    await store(begin, known.revise(replace(PLAZA, site_id=""), LATER))
    async with begin() as work:
        await work.sites.remove(north, LATER)
        with pytest.raises(SiteNotFound):
            await work.sites.get(north.id)


@pytest.mark.parametrize(
    ("epoch", "time", "kept"),
    [
        (2, LATER + SECOND, True),
        (3, LATER - SECOND, True),
        (2, LATER, False),
        (2, LATER - SECOND, False),
        (1, LATER + SECOND, False),
    ],
)
async def test_the_newest_status_is_kept(
    begin: Begin, epoch: int, time: datetime, kept: bool
) -> None:
    [known] = await store(begin, camera().activate(NOON))
    first = status()
    second = replace(status(StreamState.UNREACHABLE, reason="no route"), update_time=time)
    async with begin() as work:
        await work.stream_statuses.record(known.id, 2, first)
        await work.stream_statuses.record(known.id, epoch, second)
    assert (await view(begin, known.id)).stream_status == (second if kept else first)
    async with begin() as work:
        [listed] = await work.read_model.page(BY_NAME, None, 10, None)
    assert listed.stream_status == (second if kept else first)


async def test_a_status_keeps_what_is_not_known_unknown(begin: Begin) -> None:
    [known] = await store(begin, camera().activate(NOON))
    bare = StreamStatus(state=StreamState.CONNECTING, update_time=LATER)
    async with begin() as work:
        await work.stream_statuses.record(known.id, 1, bare)
    assert (await view(begin, known.id)).stream_status == bare


async def test_only_active_cameras_have_a_status(begin: Begin) -> None:
    inactive, active = await store(begin, camera("a"), camera("b").activate(NOON))
    async with begin() as work:
        for id_ in (inactive.id, active.id, new_id()):
            await work.stream_statuses.record(id_, 1, status())
    assert (await view(begin, inactive.id)).stream_status is None
    assert (await view(begin, active.id)).stream_status == status()
    async with begin() as work:
        await work.stream_statuses.clear(active.id)
        await work.stream_statuses.clear(inactive.id)
    assert (await view(begin, active.id)).stream_status is None


async def test_a_request_id_is_claimed_once(begin: Begin) -> None:
    request, first, second = CreateRequest(new_id(), b"a"), new_id(), new_id()
    async with begin() as work:
        assert await work.create_requests.claim(request, first, NOON) is None
        assert await work.create_requests.claim(request, second, NOON) == first
        assert await work.create_requests.claim(UNNAMED, second, NOON) is None
        assert await work.create_requests.claim(UNNAMED, second, NOON) is None
    async with begin() as work:
        assert await work.create_requests.claim(request, second, NOON) == first
        with pytest.raises(RequestIdReused):
            await work.create_requests.claim(CreateRequest(request.id, b"b"), second, NOON)


async def test_old_requests_are_forgotten(begin: Begin) -> None:
    old, young = CreateRequest(new_id(), b""), CreateRequest(new_id(), b"")
    async with begin() as work:
        await work.create_requests.claim(old, "one", NOON)
        await work.create_requests.claim(young, "two", NOON + KEPT)
    async with begin() as work:
        await work.create_requests.sweep(NOON + KEPT + timedelta(seconds=1))
        assert await work.create_requests.claim(old, "three", NOON) is None
        assert await work.create_requests.claim(young, "four", NOON) == "two"


async def rebuild(begin: Begin, mode: Mode = Mode.CHANGE) -> Sequence[Difference]:
    async with begin(mode) as work:
        return (await rebuild_read_model(RebuildReadModel(), work)).differences


async def test_the_read_model_can_be_made_again_from_the_events(begin: Begin) -> None:
    kept, gone, drifted, missing = await store(
        begin, camera("kept").activate(NOON), camera("gone"), camera("drifted"), camera("missing")
    )
    async with begin() as work:
        await work.cameras.save(gone.delete(LATER))
        await work.stream_statuses.record(kept.id, 1, status())
    assert await rebuild(begin) == []
    async with begin() as work:
        await work.read_model.hold()
        await work.read_model.replace([kept, gone, replace(drifted, version=7)])
    wrong = [
        Difference(gone.id, Disagreement.SUPERFLUOUS),
        Difference(drifted.id, Disagreement.DIFFERENT, ("version",)),
        Difference(missing.id, Disagreement.MISSING),
    ]
    wrong.sort(key=lambda each: each.camera_id)
    assert await rebuild(begin, Mode.TRY) == wrong
    assert await rebuild(begin) == wrong
    assert await rebuild(begin) == []
    assert await view(begin, kept.id) == CameraView(kept, status())
    for camera_ in (drifted, missing):
        assert (await view(begin, camera_.id)).camera == camera_
    with pytest.raises(CameraNotFound):
        await view(begin, gone.id)


async def test_of_two_who_wait_for_each_other_one_is_told_to_repeat(database_dsn: str) -> None:
    await upgrade(database_dsn, "tally.camera.migrations")
    database = Database(database_dsn)
    begin = units_of_work(database)
    first, second = await store(begin, camera("a"), camera("b"))
    both_have_begun = asyncio.Barrier(2)

    async def activate(*cameras: Camera) -> None:
        async with begin() as work:
            await work.cameras.save(cameras[0].activate(LATER))
            await both_have_begun.wait()
            await work.cameras.save(cameras[1].activate(LATER))

    outcomes = await asyncio.gather(
        activate(first, second), activate(second, first), return_exceptions=True
    )
    [lost] = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(lost, ConcurrentChange)
    assert {(await view(begin, each.id)).camera.version for each in (first, second)} == {2}
    await database.close()
