"""What an engine remembers can be saved and restored, but only where it belongs."""

import pytest

from tally.counting import CountingEngine, Mask, StateRefused, Zone
from tests.unit.counting.scenes import ACROSS, FRAME, STEP_S, seen, walk

ZONE = Zone("zone", ((0.2, 0.2), (0.8, 0.2), (0.5, 0.8)))


def halfway() -> CountingEngine:
    """An engine that has seen someone walk up to the line."""
    engine = CountingEngine(lines=[ACROSS], zones=[ZONE], frame_size=FRAME)
    for k, foot in enumerate(walk((0.4, 0.5), (0.49, 0.5))):
        engine.update(k * STEP_S, seen(foot))
    return engine


def test_whoever_was_there_before_crosses_with_the_same_number_after() -> None:
    state = halfway().save()
    engine = CountingEngine(lines=[ACROSS], zones=[ZONE], frame_size=FRAME)
    engine.restore(state)

    results = [
        engine.update(2 + k * STEP_S, seen(foot))
        for k, foot in enumerate(walk((0.505, 0.5), (0.6, 0.5)))
    ]

    assert [one.track for result in results for one in result.crossings] == [0]
    assert all(list(result.tracks.ids) == [0] for result in results)


@pytest.mark.parametrize(
    "other",
    [
        CountingEngine(zones=[ZONE], frame_size=FRAME),
        CountingEngine(lines=[ACROSS], frame_size=FRAME),
        CountingEngine(lines=[ACROSS], zones=[ZONE], frame_size=(640, 480)),
        CountingEngine(lines=[ACROSS], zones=[ZONE], masks=[Mask(ZONE.polygon)], frame_size=FRAME),
    ],
)
def test_another_configuration_refuses_it_and_stays_as_it_was(other: CountingEngine) -> None:
    before = other.save()

    with pytest.raises(StateRefused, match="other lines, zones"):
        other.restore(halfway().save())

    assert other.save() == before


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]\n", b"\xff\xfe\n"])
def test_what_is_no_state_is_refused(damage: bytes) -> None:
    with pytest.raises(StateRefused, match="no state"):
        halfway().restore(damage)


def test_a_damaged_state_is_refused() -> None:
    state = bytearray(halfway().save())
    state[-20] ^= 1

    for damaged in (bytes(state), bytes(state[:-1])):
        with pytest.raises(StateRefused, match="damaged"):
            halfway().restore(damaged)


def test_a_state_in_another_layout_is_refused() -> None:
    engine = halfway()
    state = engine.save().replace(b'"zones.state"', b'"zones.stale"')

    with pytest.raises(StateRefused, match="another version"):
        engine.restore(state)
