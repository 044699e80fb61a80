"""A camera is what its events made of it, and says each change once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.camera.domain.counting import CountingConfig
from tally.camera.domain.errors import EtagMismatch
from tally.camera.domain.events import (
    CameraActivated,
    CameraCountingChanged,
    CameraCreated,
    CameraCredentialsResealed,
    CameraDeactivated,
    CameraDeleted,
    CameraLabelsChanged,
    CameraMoved,
    CameraRelocated,
    CameraRenamed,
    CameraStreamChanged,
)
from tally.camera.domain.location import NOWHERE
from tally.camera.domain.model import Camera, CameraState
from tally.camera.domain.stream import Stream
from tally.kernel.errors import InvalidInput
from tests.unit.camera.examples import LATER, NOON, PLAZA, camera, spec


def stored(fresh: Camera) -> Camera:
    return Camera.from_events(fresh.changes)


def test_a_new_camera_is_inactive_at_version_1() -> None:
    fresh = Camera.create("c1", PLAZA, NOON)
    assert fresh.changes == (CameraCreated(camera_id="c1", time=NOON, spec=PLAZA),)
    assert (fresh.state, fresh.version, fresh.stored_version) == (CameraState.INACTIVE, 1, 0)
    assert fresh.create_time == fresh.update_time == NOON


def test_a_revision_tells_of_each_part_that_differs_and_of_no_other() -> None:
    known = stored(camera())
    wanted = replace(
        PLAZA,
        name="Square",
        stream=Stream("demo://plaza"),
        counting=CountingConfig(),
        labels={},
        site_id="s",
        area_id="a",
        location=NOWHERE,
    )
    revised = known.revise(wanted, LATER)
    assert [type(event) for event in revised.changes] == [
        CameraRenamed,
        CameraStreamChanged,
        CameraCountingChanged,
        CameraLabelsChanged,
        CameraMoved,
        CameraRelocated,
    ]
    assert revised.spec == wanted
    assert (revised.version, revised.stored_version) == (7, 1)
    assert (revised.create_time, revised.update_time) == (NOON, LATER)
    assert [type(event) for event in known.revise(spec("Square"), LATER).changes] == [CameraRenamed]


def test_what_is_so_already_changes_nothing() -> None:
    known = stored(camera())
    active = known.activate(LATER)
    assert known.revise(PLAZA, LATER) == known.deactivate(LATER) == known
    assert known.revise(PLAZA, LATER).changes == ()
    assert active.activate(LATER).changes == active.changes
    assert active.activate(LATER).etag == active.etag


def test_a_life_can_be_told_again_from_its_events() -> None:
    lived = (
        camera()
        .activate(NOON)
        .revise(spec("Square"), NOON)
        .deactivate(LATER)
        .revise(replace(PLAZA, labels={}), LATER)
        .delete(LATER)
    )
    assert [type(event) for event in lived.changes][1:3] == [CameraActivated, CameraRenamed]
    assert [type(event) for event in lived.changes][3:] == [
        CameraDeactivated,
        CameraRenamed,
        CameraLabelsChanged,
        CameraDeleted,
    ]
    again = Camera.from_events(lived.changes)
    assert again == lived
    assert again.changes == ()
    assert again.state is CameraState.DELETED


@given(
    st.lists(st.sampled_from(["activate", "deactivate", "rename", "relabel"]), max_size=12),
)
def test_version_and_events_agree_whatever_happens(steps: list[str]) -> None:
    lived = camera()
    for number, step in enumerate(steps):
        match step:
            case "activate":
                lived = lived.activate(LATER)
            case "deactivate":
                lived = lived.deactivate(LATER)
            case "rename":
                lived = lived.revise(replace(lived.spec, name=f"camera {number % 3}"), LATER)
            case _:
                lived = lived.revise(replace(lived.spec, labels={"n": str(number % 2)}), LATER)
    assert lived.version == len(lived.changes)
    assert Camera.from_events(lived.changes) == lived


def test_every_version_of_every_camera_has_its_own_etag() -> None:
    first, second = camera(), camera()
    etags = {c.etag for c in (first, second, first.activate(LATER), second.activate(LATER))}
    assert len(etags) == 4


def test_a_stale_etag_is_refused_and_no_etag_is_not() -> None:
    known = camera()
    changed = known.activate(LATER)
    changed.require_etag("")
    changed.require_etag(changed.etag)
    with pytest.raises(EtagMismatch):
        changed.require_etag(known.etag)


def test_events_must_begin_with_the_creation_and_hold_no_second_one() -> None:
    lived = camera().activate(LATER)
    with pytest.raises(TypeError, match="CameraCreated"):
        Camera.from_events(lived.changes[1:])
    with pytest.raises(ValueError, match="twice"):
        Camera.from_events(lived.changes * 2)


def test_an_invalid_camera_is_neither_made_nor_become() -> None:
    broken = replace(PLAZA, stream=Stream("gopher://x"))
    with pytest.raises(InvalidInput):
        Camera.create("c1", broken, NOON)
    with pytest.raises(InvalidInput):
        camera().revise(broken, LATER)


OTHER_PATH = replace(PLAZA, stream=replace(PLAZA.stream, uri="rtsp://10.0.0.7/other"))
DEMO = replace(PLAZA, stream=Stream("demo://plaza"))


def test_credentials_stay_with_the_stream_until_they_are_changed_or_cleared() -> None:
    guarded = stored(Camera.create("c1", PLAZA, NOON, b"sealed"))
    assert guarded.sealed_credentials == b"sealed"
    assert guarded.revise(OTHER_PATH, LATER).sealed_credentials == b"sealed"
    assert guarded.revise(PLAZA, LATER).changes == ()
    changed = guarded.revise(PLAZA, LATER, b"other")
    assert changed.changes == (
        CameraStreamChanged(
            camera_id="c1", time=LATER, stream=PLAZA.stream, sealed_credentials=b"other"
        ),
    )
    assert changed.revise(PLAZA, LATER, b"").sealed_credentials == b""


@pytest.mark.parametrize(
    "uri", ["rtsp://10.0.0.8/live", "rtsp://10.0.0.7:5540/live", "http://10.0.0.7/live"]
)
def test_nobody_sends_credentials_to_another_host_by_changing_the_uri(uri: str) -> None:
    guarded = stored(Camera.create("c1", PLAZA, NOON, b"sealed"))
    elsewhere = replace(PLAZA, stream=Stream(uri))
    with pytest.raises(InvalidInput) as caught:
        guarded.revise(elsewhere, LATER)
    assert [each.field for each in caught.value.violations] == ["camera.stream.credentials"]
    assert guarded.revise(elsewhere, LATER, b"new").sealed_credentials == b"new"
    assert guarded.revise(elsewhere, LATER, b"").sealed_credentials == b""


def test_what_comes_from_no_camera_takes_no_credentials() -> None:
    with pytest.raises(InvalidInput, match="invalid"):
        Camera.create("c1", DEMO, NOON, b"sealed")
    with pytest.raises(InvalidInput, match="invalid"):
        stored(camera()).revise(DEMO, LATER, b"sealed")


def test_resealing_tells_of_itself_alone() -> None:
    guarded = stored(Camera.create("c1", PLAZA, NOON, b"sealed"))
    resealed = guarded.reseal(b"resealed", LATER)
    assert resealed.changes == (
        CameraCredentialsResealed(camera_id="c1", time=LATER, sealed_credentials=b"resealed"),
    )
    assert (resealed.spec, resealed.sealed_credentials) == (PLAZA, b"resealed")
    assert guarded.reseal(b"sealed", LATER) is guarded
