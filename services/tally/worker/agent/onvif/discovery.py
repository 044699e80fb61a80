"""Finds ONVIF devices by WS-Discovery (the draft of April 2005, as the ONVIF Core Specification has it)."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from uuid import uuid4
from xml.etree.ElementTree import Element

from tally.kernel.stream_address import StreamNetworks
from tally.worker.agent.onvif.soap import BadMessage, parse, text_of

MULTICAST = ("239.255.255.250", 3702)
LISTEN_S = 3.0
REPEAT_S = 0.5
"""When the question is asked a second time: UDP loses some."""
MAX_DEVICES = 200
"""However many answer, the list travels in one message."""
MAX_TEXT = 200

_SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
_ADDRESSING = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
_DISCOVERY = "{http://schemas.xmlsoap.org/ws/2005/04/discovery}"
_SCOPE = "onvif://www.onvif.org/"

_PROBE = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" \
xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">\
<e:Header><w:MessageID>{id}</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>\
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that answered.

    Attributes:
        id: Its endpoint reference, such as `urn:uuid:…`, which stays when its address changes.
        address: URL of its device service.
        name: What it calls itself; empty if it does not say.
        hardware: What it is; likewise.
        location: Where it says to be; likewise.
    """

    id: str
    address: str
    name: str
    hardware: str
    location: str


async def discover(
    networks: StreamNetworks,
    *,
    target: tuple[str, int] = MULTICAST,
    listen_s: float = LISTEN_S,
) -> list[Device]:
    """The devices that answer, by address.

    Args:
        networks: Where cameras may be; devices elsewhere are left out.
        target: Where to ask.
        listen_s: How long to wait for answers.

    Raises:
        OSError: There is no network to ask in.
    """
    message_id = f"urn:uuid:{uuid4()}"
    answers = _Answers(message_id, networks)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: answers,
        local_addr=("0.0.0.0", 0),  # noqa: S104 - answers come to whichever interface asked
    )
    try:
        question = _PROBE.format(id=message_id).encode()
        transport.sendto(question, target)
        await asyncio.sleep(min(REPEAT_S, listen_s / 2))
        transport.sendto(question, target)
        await asyncio.sleep(max(listen_s - REPEAT_S, listen_s / 2))
    finally:
        transport.close()
    if answers.error is not None and not answers.devices:
        raise answers.error
    return sorted(answers.devices.values(), key=lambda device: device.address)


class _Answers(asyncio.DatagramProtocol):
    """Takes what comes, from anybody: what is no answer to this question is ignored."""

    def __init__(self, message_id: str, networks: StreamNetworks) -> None:
        self._message_id = message_id
        self._networks = networks
        self.devices: dict[str, Device] = {}
        self.error: OSError | None = None

    def datagram_received(self, data: bytes, _: object) -> None:
        try:
            envelope = parse(data)
        except BadMessage:
            return
        relates_to = text_of(envelope, f"{_SOAP}Header/{_ADDRESSING}RelatesTo")
        if relates_to != self._message_id:
            return
        for device in _matches(envelope, self._networks):
            if len(self.devices) < MAX_DEVICES:
                self.devices.setdefault(device.id, device)

    def error_received(self, error: Exception) -> None:
        self.error = error if isinstance(error, OSError) else None


def _matches(envelope: Element, networks: StreamNetworks) -> Iterator[Device]:
    path = f"{_SOAP}Body/{_DISCOVERY}ProbeMatches/{_DISCOVERY}ProbeMatch"
    for match in envelope.iterfind(path):
        id_ = text_of(match, f"{_ADDRESSING}EndpointReference/{_ADDRESSING}Address")
        addresses = text_of(match, f"{_DISCOVERY}XAddrs").split()
        allowed = [address for address in addresses if _is_allowed(address, networks)]
        if not id_ or not allowed or len(id_) > MAX_TEXT:
            continue
        scopes = text_of(match, f"{_DISCOVERY}Scopes").split()
        yield Device(
            id_,
            allowed[0],
            _scope(scopes, "name"),
            _scope(scopes, "hardware"),
            _scope(scopes, "location"),
        )


def _is_allowed(address: str, networks: StreamNetworks) -> bool:
    """Whether it is the URL of a service at an IP address, as the specification demands, where cameras may be."""
    try:
        parts = urlsplit(address)
        return (
            parts.scheme in ("http", "https")
            and len(address) <= MAX_TEXT
            and address.isascii()
            and "@" not in parts.netloc
            and networks.allow(parts.hostname or "")
        )
    except ValueError:
        return False


def _scope(scopes: list[str], kind: str) -> str:
    """What the scopes of one kind say, such as `Hanoi, gate 3` for `location/Hanoi` and `location/gate%203`."""
    prefix = f"{_SCOPE}{kind}/"
    found = [unquote(scope[len(prefix) :]) for scope in scopes if scope.startswith(prefix)]
    return "".join(each for each in ", ".join(found) if each.isprintable())[:MAX_TEXT]
