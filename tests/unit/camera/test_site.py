"""What a site may be."""

from dataclasses import replace

import pytest

from tally.camera.domain.errors import EtagMismatch
from tally.camera.domain.hours import Hours, Weekday
from tally.camera.mapping.sites import site_spec_from_proto, site_to_proto
from tally.kernel.errors import InvalidInput
from tests.unit.camera.examples import LATER, NOON, site

NORTH = site("North")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "site.time_zone"),
        ({"time_zone": "../../etc/passwd"}, "site.time_zone"),
        ({"name": "a\x00b"}, "site.name"),
        ({"address": "a\x1bb"}, "site.address"),
        (
            {"opening_hours": (Hours(Weekday.MONDAY, "09:00", "09:00"),)},
            "site.opening_hours[0].closes",
        ),
        (
            {
                "opening_hours": (
                    Hours(Weekday.SUNDAY, "13:00", "20:00"),
                    Hours(Weekday.SUNDAY, "09:00", "13:01"),
                )
            },
            "site.opening_hours",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        NORTH.revise(replace(NORTH.spec, **change), LATER)  # type: ignore[arg-type]  # by name
    assert [violation.field for violation in refusal.value.violations] == [field]


def test_a_change_makes_another_version_and_no_change_does_not() -> None:
    changed = NORTH.revise(replace(NORTH.spec, capacity=7), LATER)
    assert (changed.version, changed.create_time, changed.update_time) == (2, NOON, LATER)
    assert changed.revise(changed.spec, LATER) is changed
    NORTH.require_etag("")
    NORTH.require_etag(NORTH.etag)
    with pytest.raises(EtagMismatch, match="site"):
        changed.require_etag(NORTH.etag)


def test_a_site_survives_the_contract() -> None:
    assert site_spec_from_proto(site_to_proto(NORTH)) == NORTH.spec
