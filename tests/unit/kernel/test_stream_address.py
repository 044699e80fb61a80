"""Which addresses streams may come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tally.kernel.stream_address import StreamNetworks, origin

FORBIDDEN = [
    "169.254.169.254", "169.254.0.1", "0.1.2.3", "224.0.0.1", "239.255.255.250", "255.255.255.255",
    "192.0.0.192", "100.100.100.200", "168.63.129.16", "::", "fe80::1", "fe80::1%eth0", "ff02::1", "fd00:ec2::254",
    "0.0.0.0",  # noqa: S104 - nobody binds it
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_some_addresses_are_never_cameras(address: str) -> None:
    assert not StreamNetworks().allow(address)
    assert not StreamNetworks("0.0.0.0/0 ::/0").allow(address)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.7",
        "172.16.3.4",
        "192.168.1.20",
        "100.64.1.1",
        "fd00::1",
        "203.0.113.9",
        "2001:db8::1",
    ],
)
def test_private_and_public_addresses_are_cameras_unless_networks_are_named(address: str) -> None:
    assert StreamNetworks().allow(address)
    assert not StreamNetworks("10.99.0.0/16").allow(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback_must_be_named(address: str) -> None:
    assert not StreamNetworks().allow(address)
    assert StreamNetworks("127.0.0.0/8 ::1/128").allow(address)


@given(st.ip_addresses())
def test_nobody_outside_the_named_networks_gets_in(address: object) -> None:
    text = str(address)
    if StreamNetworks("10.20.0.0/16").allow(text):
        assert text.startswith(("10.20.", "::ffff:", "64:ff9b::", "2002:a14"))


@pytest.mark.parametrize(
    "uri", ["http://169.254.169.254/latest", "rtsp://[fe80::1]/x", "https://[::]:1/"]
)
def test_a_uri_with_a_forbidden_address_is_refused(uri: str) -> None:
    assert StreamNetworks().uri_problem(uri) == "has an address that cameras may not have here"


@pytest.mark.parametrize(
    "uri", ["rtsp://10.0.0.7/live", "http://camera.local/", "file:///a.mp4", "demo://plaza"]
)
def test_other_uris_pass(uri: str) -> None:
    assert StreamNetworks().uri_problem(uri) is None


@pytest.mark.parametrize("text", ["10.0.0.0/33", "camera.local", "10.0.0.1/8"])
def test_a_network_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"network|set"):
        StreamNetworks(text)


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin("RTSP://Camera.Local:554/live?x=1") == "rtsp://camera.local:554"
