"""ONVIF devices are found over UDP, and whatever else answers does no harm."""

import pytest

from tally.kernel.stream_address import StreamNetworks
from tally.worker.agent.onvif.discovery import Device, discover
from tally.worker.agent.onvif.soap import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, BadMessage, parse
from tests.component.worker_agent.onvif_device import OnvifDevice, match

NETWORKS = StreamNetworks("10.20.0.0/16")
DOOR = "urn:uuid:1419d68a-1dd2-11b2-a105-000000000001"
YARD = "urn:uuid:1419d68a-1dd2-11b2-a105-000000000002"
SCOPES = (
    "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/Door%20north "
    "onvif://www.onvif.org/hardware/IPC-2 onvif://www.onvif.org/location/Hanoi onvif://www.onvif.org/location/gate"
)
BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">\
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><b>&b;</b>"""


async def found(device: OnvifDevice) -> list[Device]:
    with device:
        return await discover(NETWORKS, target=device.address, listen_s=0.4)


async def test_devices_say_what_and_where_they_are() -> None:
    device = OnvifDevice(
        lambda asked: [
            match(asked, YARD, "http://10.20.0.9/onvif/device_service"),
            match(
                asked,
                DOOR,
                "http://169.254.7.7/onvif/device_service http://10.20.0.8:8000/onvif/device_service",
                SCOPES,
            ),
        ]
    )
    assert await found(device) == [
        Device(
            DOOR, "http://10.20.0.8:8000/onvif/device_service", "Door north", "IPC-2", "Hanoi, gate"
        ),
        Device(YARD, "http://10.20.0.9/onvif/device_service", "", "", ""),
    ]
    # Asked twice, because UDP loses some; each device is listed once.
    assert len(device.asked) == 2
    assert "dn:NetworkVideoTransmitter" in device.asked[0]


async def test_what_is_no_answer_of_a_camera_is_left_out() -> None:
    good = "http://10.20.0.9/onvif/device_service"
    device = OnvifDevice(
        lambda asked: [
            b"",
            b"\xff\x00 nonsense",
            BOMB,
            match("urn:uuid:another", "urn:uuid:to-another-question", good),
            match(asked, "urn:uuid:elsewhere", "http://8.8.8.8/onvif/device_service"),
            match(asked, "urn:uuid:named", "http://camera.example/onvif"),
            match(asked, "urn:uuid:user", "http://admin:secret@10.20.0.9/onvif"),
            match(asked, "urn:uuid:script", "javascript:alert(1)"),
            match(asked, "u" * 1000, good),
            match(asked, "", good),
            match(asked, YARD, good, "onvif://www.onvif.org/name/%1b%5b31mred" + "x" * 500),
        ]
    )
    (only,) = await found(device)
    # Without the control character, and cut off.
    assert (only.id, only.name) == (YARD, "[31mred" + "x" * 193)


async def test_nobody_answers() -> None:
    assert await found(OnvifDevice(lambda asked: [])) == []


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>",
        b"<a>" + b"x" * MAX_BYTES + b"</a>",
        b"<a>",
        b"",
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
    ],
)
def test_hostile_messages_are_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        parse(data)
