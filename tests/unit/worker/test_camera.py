"""What the pool knows of a camera does not depend on how its events travel."""

from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from tally.worker.domain.camera import Camera, CameraChange, CameraState

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def change(version: int, **values: object) -> CameraChange:
    time = NOON + timedelta(minutes=version)
    return CameraChange(camera_id="c", version=version, time=time, **values)  # type: ignore[arg-type]  # see callers


LIFE = [
    change(
        1,
        name="square",
        site_id="north",
        stream=b"one",
        sealed_credentials=b"1",
        counting=b"",
        state=CameraState.INACTIVE,
    ),
    change(2, state=CameraState.ACTIVE),
    change(3, name="plaza"),
    change(4, counting=b"lines"),
    change(5, state=CameraState.INACTIVE),
    change(6, stream=b"two", sealed_credentials=b"2"),
    change(7),  # labels, which the pool does not care for
    change(8, state=CameraState.ACTIVE),
    change(9, sealed_credentials=b"3"),
    change(10, site_id=""),
]


def after(changes: list[CameraChange]) -> Camera:
    return reduce(Camera.after, changes, Camera(camera_id="c"))


@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE)))
def test_order_and_repetition_do_not_matter(
    shuffled: list[CameraChange], repeated: list[CameraChange]
) -> None:
    assert after(shuffled + repeated) == after(LIFE)


def test_a_camera_is_wanted_once_it_is_active_and_its_stream_is_known() -> None:
    assert not after([change(2, state=CameraState.ACTIVE)]).wanted
    assert after(LIFE).wanted
    assert not after(LIFE[:1]).wanted
    assert not after([*LIFE, change(11, state=CameraState.DELETED)]).wanted


def test_the_configuration_has_the_version_of_its_last_change() -> None:
    assert [after(LIFE[:count]).config_version for count in (1, 3, 4, 6, 8, 10)] == [
        1,
        1,
        4,
        6,
        6,
        6,
    ]
    assert [after(LIFE[:count]).site_id for count in (0, 1, 9, 10)] == ["", "north", "north", ""]
    assert after(LIFE).sealed_credentials == b"3"
    assert after(LIFE).activate_time == NOON + timedelta(minutes=8)
