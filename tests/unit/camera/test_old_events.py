"""Events that earlier releases stored are read as what they meant then."""

from tally.camera.domain.counting import CountingConfig, Line, Point, Zone
from tally.camera.domain.events import CameraCreated, CameraStreamChanged
from tally.camera.domain.spec import CameraSpec
from tally.camera.domain.stream import Pace, Stream
from tally.camera.mapping.events import UPCASTERS, event_from_proto
from tally.kernel.messages import decode
from tests.unit.camera.examples import NOON

CAMERA = "0190a5b2-0000-7000-8000-000000000001"

# Written by the code of the first release: no sites, credentials, masks, corners, names of directions, or pairs.
CREATED = bytes.fromhex(
    "0a2430313930613562322d303030302d373030302d383030302d3030303030303030303030311205506c617a61"
    "1a180a14727473703a2f2f31302e302e302e372f6c69766510012288010a300a04646f6f721212099a99999999"
    "99b93f11000000000000e03f1a1209cdccccccccccec3f11000000000000e03f200112440a0468616c6c121209"
    "9a9999999999b93f119a9999999999b93f121209cdccccccccccec3f119a9999999999b93f1212093333333333"
    "33d33f11666666666666e63f18011a066d6f74696f6e2206706572736f6e2a0a0a05666c6f6f72120131"
)
STREAM_CHANGED = bytes.fromhex(
    "0a2430313930613562322d303030302d373030302d383030302d303030303030303030303031121c0a1866696c"
    "653a2f2f2f766964656f732f706c617a612e6d70341002"
)


def test_what_the_first_release_stored_is_what_it_meant() -> None:
    created, changed = (
        event_from_proto(UPCASTERS(decode(f"tally.api.camera.v1.{name}", payload), 1), NOON)
        for name, payload in (("CameraCreated", CREATED), ("CameraStreamChanged", STREAM_CHANGED))
    )
    assert created == CameraCreated(
        camera_id=CAMERA,
        time=NOON,
        spec=CameraSpec(
            name="Plaza",
            stream=Stream("rtsp://10.0.0.7/live"),
            counting=CountingConfig(
                lines=(Line("door", (Point(0.1, 0.5), Point(0.9, 0.5))),),
                zones=(Zone("hall", (Point(0.1, 0.1), Point(0.9, 0.1), Point(0.3, 0.7))),),
                detector="motion",
                classes=("person",),
            ),
            labels={"floor": "1"},
        ),
    )
    assert changed == CameraStreamChanged(
        camera_id=CAMERA,
        time=NOON,
        stream=Stream("file:///videos/plaza.mp4", Pace.AS_FAST_AS_POSSIBLE),
    )
