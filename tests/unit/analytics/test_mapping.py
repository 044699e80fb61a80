"""What the camera context tells is taken in, or refused for what it is."""

import pytest
from google.protobuf.message import Message

from tally.analytics.domain.model import SiteClock
from tally.analytics.entrypoints.mapping import site_clock
from tally.api.camera.v1 import site_events_pb2, site_pb2
from tally.kernel.messages import UnknownMessage


def test_a_site_has_the_clocks_that_it_was_told_to_have() -> None:
    site = site_pb2.Site(id="north", time_zone="Asia/Kolkata")
    told = SiteClock("north", "Asia/Kolkata", 3)
    assert site_clock(site_events_pb2.SiteCreated(site=site), 3) == told
    assert site_clock(site_events_pb2.SiteUpdated(site=site), 3) == told


@pytest.mark.parametrize(
    "message",
    [
        site_events_pb2.SiteDeleted(site_id="north"),
        site_events_pb2.SiteCreated(site=site_pb2.Site(id="north")),
        site_events_pb2.SiteCreated(site=site_pb2.Site(id="north", time_zone="Mars/Olympus")),
        site_events_pb2.SiteCreated(site=site_pb2.Site(id="north", time_zone="../etc/passwd")),
    ],
)
def test_what_tells_of_no_clocks_is_refused(message: Message) -> None:
    with pytest.raises(UnknownMessage):
        site_clock(message, 1)
