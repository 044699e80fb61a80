"""What people type about places, at a camera server that takes everybody for an administrator."""

import json

import pytest

from tally.kernel.grpc.client import connect
from tests.component.camera.calls import Cameras, a_camera
from tests.component.camera.conftest import Tally
from tests.conftest import Background


@pytest.fixture
def door(address: str, background: Background) -> str:
    """A camera."""

    async def create() -> None:
        async with connect(address) as channel:
            await Cameras(channel).create(a_camera("Door"))

    background.run(create())
    return "Door"


def test_areas_are_made_renamed_shown_and_deleted(tally: Tally) -> None:
    tally("sites", "create", "North", "--time-zone", "UTC")
    tally("sites", "create", "South", "--time-zone", "UTC")
    [id_] = tally("areas", "create", "North", "Hall")
    tally("areas", "create", "South", "Hall")
    assert tally("areas", "rename", "North", "Hall", "Great hall") == ["Hall is called Great hall"]
    assert [line.split() for line in tally("areas", "list")][-2:] == [
        ["Great", "hall", "North", id_],
        ["Hall", "South", json.loads("".join(tally("areas", "list", "South", "--json")))[0]["id"]],
    ]
    assert tally("areas", "delete", "North", id_) == ["deleted Great hall"]
    [told, *_] = tally("areas", "delete", "North", "Hall", fails=True)
    assert told == "error: no area of the site is called Hall"


def test_a_camera_is_put_into_an_area_and_onto_the_map(tally: Tally, door: str) -> None:
    tally("sites", "create", "North", "--time-zone", "UTC")
    [area] = tally("areas", "create", "North", "Hall")
    assert tally("cameras", "move", door, "North", "--area", "Hall") == ["Door is at North, Hall"]
    told = tally("cameras", "locate", door, "above the door", "--at", "21.5,-105")
    assert told == ["Door hangs above the door, at 21.5, -105"]
    shown = json.loads("".join(tally("cameras", "show", door)))
    assert shown["areaId"] == area
    assert shown["location"]["point"] == {"latitude": 21.5, "longitude": -105.0}
    assert tally("cameras", "locate", door) == ["Door hangs nobody knows where"]
    tally("cameras", "locate", door, "--at", "91", fails=True)
    tally("cameras", "locate", door, "--at", "91,0", fails=True)
    tally("cameras", "move", door, "--area", "Hall", fails=True)
    assert tally("cameras", "move", door, "North") == ["Door is at North"]
    history = [line.rstrip() for line in tally("cameras", "history", door)]
    assert history[-2].endswith(f"area {area}")
    assert history[-3].endswith("hangs above the door, at 21.5, -105")
    assert history[-4].endswith("hangs nobody knows where")
