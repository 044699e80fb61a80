"""A small ONVIF device for tests: answers WS-Discovery probes over UDP as real ones do."""

import re
import socket
import threading
from collections.abc import Callable

MATCH = """<?xml version="1.0" encoding="utf-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
 xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
 <SOAP-ENV:Header>
  <wsa:MessageID>urn:uuid:0a6dc791-2be6-4991-9af1-454778a1917a</wsa:MessageID>
  <wsa:RelatesTo>{relates_to}</wsa:RelatesTo>
  <wsa:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To>
  <wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action>
 </SOAP-ENV:Header>
 <SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>
  <wsa:EndpointReference><wsa:Address>{id}</wsa:Address></wsa:EndpointReference>
  <d:Types>dn:NetworkVideoTransmitter</d:Types>
  <d:Scopes>{scopes}</d:Scopes>
  <d:XAddrs>{addresses}</d:XAddrs>
  <d:MetadataVersion>1</d:MetadataVersion>
 </d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body>
</SOAP-ENV:Envelope>"""


def match(relates_to: str, id_: str, addresses: str, scopes: str = "") -> bytes:
    """The answer of a device."""
    return MATCH.format(relates_to=relates_to, id=id_, addresses=addresses, scopes=scopes).encode()


class OnvifDevice:
    """Listens on a free loopback port; a context manager.

    Args:
        answers: What it sends to a probe whose message id it is given.

    Attributes:
        address: Where it listens.
        asked: The probes that came.
    """

    def __init__(self, answers: Callable[[str], list[bytes]]) -> None:
        self._answers = answers
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.address: tuple[str, int] = self._socket.getsockname()
        self.asked: list[str] = []

    def __enter__(self) -> "OnvifDevice":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                data, sender = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            self.asked.append(data.decode())
            found = re.search(r"MessageID>([^<]+)<", data.decode())
            for answer in self._answers(found[1] if found else ""):
                self._socket.sendto(answer, sender)
