"""Cameras to test with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tally.camera.adapters.sealing import KeyRingSealer
from tally.camera.domain.area import Area, AreaSpec
from tally.camera.domain.counting import (
    Anchor,
    CountingConfig,
    FloorPlace,
    HidePeople,
    Line,
    LinePair,
    Mask,
    Point,
    Privacy,
    PrivacyArea,
    Schedule,
    Zone,
)
from tally.camera.domain.credentials import Credentials
from tally.camera.domain.hours import Hours, Weekday
from tally.camera.domain.location import GeoPoint, Location
from tally.camera.domain.model import Camera
from tally.camera.domain.site import Site, SiteSpec
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import Pace, Stream, StreamCondition, StreamState, StreamStatus
from tally.kernel.ids import new_id
from tally.kernel.sealing import KeyRing
from tally.kernel.stream_address import StreamNetworks

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)

COUNTING = CountingConfig(
    lines=(
        Line("door", (Point(0.1, 0.5), Point(0.9, 0.5)), Anchor.CENTRE),
        Line(
            "porch",
            (Point(0.1, 0.5), Point(0.5, 0.2), Point(0.9, 0.5)),
            in_name="entering",
            out_name="leaving",
            u_turn_window=timedelta(seconds=2.5),
            pair=LinePair("door", 4.5),
        ),
    ),
    zones=(Zone("hall", (Point(0.1, 0.1), Point(0.9, 0.1), Point(0.3, 0.7))),),
    detector="motion",
    classes=("person", "dog"),
    masks=(Mask((Point(0.6, 0.6), Point(0.9, 0.6), Point(0.9, 0.9)), Anchor.HEAD),),
    calibration=(
        FloorPlace(Point(0.3, 0.2), -2, 9),
        FloorPlace(Point(0.7, 0.2), 2, 9),
        FloorPlace(Point(0.9, 0.9), 2, 4.5),
        FloorPlace(Point(0.1, 0.9), -2, 4.5),
    ),
    max_frames_per_second=12.5,
    min_score=0.25,
    picture_retention=timedelta(days=7),
    schedule=Schedule(
        "Europe/Paris",
        (Hours(Weekday.FRIDAY, "22:00", "24:00"), Hours(Weekday.SATURDAY, "00:00", "02:30")),
    ),
    privacy=Privacy(
        HidePeople.ALWAYS, (PrivacyArea((Point(0, 0), Point(0.2, 0), Point(0.2, 0.3))),)
    ),
)
PLAZA = CameraSpec(
    name="Plaza",
    stream=Stream("rtsp://10.0.0.7/live", Pace.AS_FAST_AS_POSSIBLE),
    counting=COUNTING,
    labels={"site": "Hà Nội", "floor": ""},
    location=Location("Above the Fountain", GeoPoint(21.0278, 0.0)),
)
NETWORKS = StreamNetworks()
OLD_KEY, NEW_KEY = "old:" + "o" * 32, "new:" + "n" * 32
SEALER = KeyRingSealer(KeyRing.parse(OLD_KEY))
GUARD = Credentials("guard", "correct horse")


def spec(name: str) -> CameraSpec:
    return replace(PLAZA, name=name)


def camera(name: str = "Plaza") -> Camera:
    """A new camera that is stored nowhere yet."""
    return Camera.create(new_id(), spec(name), NOON)


def site(name: str, site_id: str = "") -> Site:
    """A new site that is stored nowhere yet."""
    spec = SiteSpec(
        name=name,
        time_zone="Asia/Ho_Chi_Minh",
        address="1 Tràng Tiền, Hà Nội",
        capacity=120,
        opening_hours=(
            Hours(Weekday.MONDAY, "09:00", "12:00"),
            Hours(Weekday.MONDAY, "13:30", "24:00"),
        ),
    )
    return Site.create(site_id or new_id(), spec, NOON)


def area(name: str, site_id: str) -> Area:
    """A new area that is stored nowhere yet."""
    spec = AreaSpec(site_id=site_id, name=name)
    return Area(id=new_id(), spec=spec, version=1, create_time=NOON, update_time=NOON)


def status(
    state: StreamState = StreamState.STREAMING, time: datetime = LATER, reason: str = ""
) -> StreamStatus:
    return StreamStatus(
        state=state,
        update_time=time,
        reason=reason,
        detector="motion",
        frames_per_second=24.9,
        frames_processed=1000,
        frames_dropped=3,
        frames_corrupt=1,
        last_frame_time=NOON,
        width=1920,
        height=1080,
        nominal_frames_per_second=25.0,
        reconnects=2,
        since=NOON,
        conditions=dict.fromkeys(StreamCondition, NOON),
    )
