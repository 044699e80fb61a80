"""A small RTSP camera for tests: RTP over the RTSP connection, carrying an MPEG transport stream.

After RFC 2326 (RTSP, interleaved binary data in section 10.12) and RFC 2250 (MPEG-TS in RTP).
"""

import socketserver
import struct
import threading
import time
from dataclasses import dataclass

from tests.component.worker_agent.authentication import CHALLENGES, answers

_TS_PACKETS_PER_RTP = 7
_TS_PACKET = 188


@dataclass
class Behaviour:
    """What the camera does.

    Attributes:
        stream: A whole MPEG transport stream.
        seconds: How long sending it takes.
        then_silent: Stay connected without a word after the stream, instead of closing.
        credentials: `user:password` that must be given.
        scheme: How: `Basic` or `Digest`.
    """

    stream: bytes
    seconds: float = 1.0
    then_silent: bool = False
    credentials: str | None = None
    scheme: str = "Basic"


class RtspServer(socketserver.ThreadingTCPServer):
    """Serves one behaviour at every path except `/missing`, on a free loopback port."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.behaviour = behaviour
        self.stopping = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Session(socketserver.StreamRequestHandler):
    server: RtspServer

    def handle(self) -> None:
        while request := self._request():
            method, url, headers = request
            if not self._authorized(method, headers):
                challenge = {"WWW-Authenticate": CHALLENGES[self.server.behaviour.scheme]}
                self._answer(headers, "401 Unauthorized", challenge)
            elif url.rstrip("/").endswith("/missing"):
                self._answer(headers, "404 Not Found")
            elif method == "OPTIONS":
                self._answer(headers, extra={"Public": "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"})
            elif method == "DESCRIBE":
                sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
                sdp += "m=video 0 RTP/AVP 33\r\na=rtpmap:33 MP2T/90000\r\na=control:track\r\n"
                self._answer(headers, extra={"Content-Type": "application/sdp"}, body=sdp)
            elif method == "SETUP":
                transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
                self._answer(headers, extra={"Transport": transport, "Session": "1"})
            elif method == "PLAY":
                self._answer(headers, extra={"Session": "1"})
                self._play()
                return
            else:
                self._answer(headers)

    def _request(self) -> tuple[str, str, dict[str, str]] | None:
        first = self.rfile.readline().decode().split()
        if not first:
            return None
        headers = {}
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return first[0], first[1], headers

    def _authorized(self, method: str, headers: dict[str, str]) -> bool:
        behaviour = self.server.behaviour
        return behaviour.credentials is None or answers(
            headers.get("authorization", ""), behaviour.scheme, behaviour.credentials, method
        )

    def _answer(
        self,
        headers: dict[str, str],
        status: str = "200 OK",
        extra: dict[str, str] | None = None,
        body: str = "",
    ) -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {headers.get('cseq', '0')}"]
        lines += [f"{name}: {value}" for name, value in (extra or {}).items()]
        lines += [f"Content-Length: {len(body)}", "", body]
        self.wfile.write("\r\n".join(lines).encode())

    def _play(self) -> None:
        behaviour = self.server.behaviour
        size = _TS_PACKET * _TS_PACKETS_PER_RTP
        chunks = [behaviour.stream[i : i + size] for i in range(0, len(behaviour.stream), size)]
        began = time.monotonic()
        try:
            for number, chunk in enumerate(chunks):
                due = began + behaviour.seconds * number / len(chunks)
                if self.server.stopping.wait(max(0.0, due - time.monotonic())):
                    return
                stamp = int((time.monotonic() - began) * 90_000) & 0xFFFFFFFF
                rtp = struct.pack("!BBHII", 0x80, 33, number & 0xFFFF, stamp, 1) + chunk
                self.wfile.write(struct.pack("!cBH", b"$", 0, len(rtp)) + rtp)
            if behaviour.then_silent:
                self.server.stopping.wait()
        except ConnectionError:
            return  # the client has gone, as it may
