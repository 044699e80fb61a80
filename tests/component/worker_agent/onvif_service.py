"""A small ONVIF device service for tests: SOAP over HTTP, as a camera with two streams answers it."""

import base64
import hashlib
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD = "admin", "p<ss&word"
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl"><s:Body>{body}</s:Body></s:Envelope>'
)
PROFILE = (
    '<trt:Profiles token="{token}" fixed="true"><tt:Name>{name}</tt:Name><tt:VideoEncoderConfiguration token="v">'
    "<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height>"
    "</tt:Resolution><tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit></tt:RateControl>"
    "</tt:VideoEncoderConfiguration></trt:Profiles>"
)


class OnvifService(ThreadingHTTPServer):
    """Serves `/onvif/device_service` on a free loopback port.

    Args:
        host: Where it says that its media service and its streams are.
        clock: How far its clock is ahead.
        hides: The path of a stream that it does not give.
        reply: What it answers instead, whatever is asked: a status and a body.
        headers: Of all answers.

    Attributes:
        asked: The names of the questions.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        clock: timedelta = timedelta(),
        hides: str = "",
        reply: tuple[int, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = host
        self.clock = clock
        self.hides = hides
        self.reply = reply
        self.headers = headers or {}
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/onvif/device_service"

    def answer(self, asked: str, message: str) -> tuple[int, str]:
        """The status and the body of the answer."""
        now = datetime.now(UTC) + self.clock
        if asked == "GetSystemDateAndTime":
            return 200, (
                "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime>"
                f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
                f"<tt:Second>{now.second}</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}</tt:Year>"
                f"<tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date>"
                "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
            )
        if not self._admits(message, now):
            return (
                400,
                "<s:Fault><s:Code><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code></s:Fault>",
            )
        if asked == "GetDeviceInformation":
            return 200, (
                "<tds:GetDeviceInformationResponse><tds:Manufacturer>Acme</tds:Manufacturer><tds:Model>IPC-2</tds:Model>"
                "<tds:FirmwareVersion>5.1</tds:FirmwareVersion></tds:GetDeviceInformationResponse>"
            )
        if asked == "GetCapabilities":
            return 200, (
                "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>"
                f"http://{self.host}:{self.server_port}/onvif/media</tt:XAddr></tt:Media></tds:Capabilities>"
                "</tds:GetCapabilitiesResponse>"
            )
        if asked == "GetProfiles":
            main = PROFILE.format(token="a", name="main", width=1920, height=1080)
            small = PROFILE.format(token="b&amp;c", name="small", width=640, height=360)
            return 200, f"<trt:GetProfilesResponse>{main}{small}</trt:GetProfilesResponse>"
        token = re.search(r"ProfileToken>([^<]+)<", message)
        path = {"a": "main", "b&amp;c": "small"}[token[1] if token else ""]
        if path == self.hides:
            return 500, "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code></s:Fault>"
        return 200, (
            f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://{self.host}:554/{path}</tt:Uri></trt:MediaUri>"
            "</trt:GetStreamUriResponse>"
        )

    def _admits(self, message: str, now: datetime) -> bool:
        """Whether the message has a digest of the password that is not too old."""
        found = re.search(
            r"Username>([^<]+)<.*Password[^>]*>([^<]+)<.*Nonce>([^<]+)<.*Created[^>]*>([^<]+)<",
            message,
        )
        if found is None:
            return False
        user, digest, nonce, created = found.groups()
        signed = base64.b64decode(nonce) + created.encode() + PASSWORD.encode()
        made = hashlib.sha1(signed).digest()  # noqa: S324 - the standard has no other
        age = abs(now - datetime.fromisoformat(created))
        return (
            user == USER
            and digest == base64.b64encode(made).decode()
            and age < timedelta(seconds=5)
        )


class _Handler(BaseHTTPRequestHandler):
    server: OnvifService

    def do_POST(self) -> None:
        message = self.rfile.read(int(self.headers["Content-Length"])).decode()
        found = re.search(r"<e:Body><(\w+)", message)
        asked = found[1] if found else ""
        self.server.asked.append(asked)
        status, body = self.server.answer(asked, message)
        data = ENVELOPE.format(body=body).encode()
        if self.server.reply is not None:
            status, data = self.server.reply
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml")
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(data)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(data)
        except ConnectionError:
            return  # the client has gone, as it may

    def log_message(self, *_: object) -> None:
        """Keeps the test's output clean."""
