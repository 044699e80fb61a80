"""A small HTTP camera for tests: endless or finite MJPEG, and the ways to refuse it."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2

from tests.component.worker_agent.authentication import CHALLENGES, answers
from tests.component.worker_agent.videos import numbered


class MjpegServer(ThreadingHTTPServer):
    """Serves `/stream`, and `/<status>` for an error, on a free loopback port; `hosts` are those that were asked for.

    Args:
        frames: Pictures to send, one every `interval_s`.
        interval_s: Seconds between pictures.
        goes_on: Whether who connects again sees what comes later, as a camera shows it, instead of the same pictures.
        then_silent: Stay connected without a word afterwards, instead of closing.
        garbage: Numbers of pictures to send damaged.
        grows_at: Number of the picture from which on they are twice as large.
        credentials: `user:password` that must be given.
        scheme: How: `Basic` or `Digest`.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        *,
        frames: int = 20,
        interval_s: float = 0.02,
        goes_on: bool = False,
        then_silent: bool = False,
        garbage: frozenset[int] = frozenset(),
        grows_at: int | None = None,
        credentials: str | None = None,
        scheme: str = "Basic",
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.frames = frames
        self.interval_s = interval_s
        self.goes_on = goes_on
        self.first_at: float | None = None
        self.then_silent = then_silent
        self.garbage = garbage
        self.grows_at = grows_at
        self.credentials = credentials
        self.scheme = scheme
        self.hosts: list[str] = []
        self.stopping = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: MjpegServer

    def do_GET(self) -> None:
        self.server.hosts.append(self.headers["Host"])
        if self.path != "/stream":
            self.send_error(int(self.path[1:]))
            return
        # The standard library takes headers for Latin-1.
        shown = self.headers.get("Authorization", "").encode("latin-1").decode()
        server = self.server
        if server.credentials and not answers(shown, server.scheme, server.credentials, "GET"):
            self.send_response(401)
            self.send_header("WWW-Authenticate", CHALLENGES[self.server.scheme])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        began = time.monotonic()
        server.first_at = server.first_at or began
        passed_s = began - server.first_at if server.goes_on else 0.0
        first = round(passed_s / server.interval_s)
        try:
            for index in range(first, first + self.server.frames):
                due = began + (index - first) * self.server.interval_s
                if self.server.stopping.wait(max(0.0, due - time.monotonic())):
                    return
                picture = numbered(index)
                if self.server.grows_at is not None and index >= self.server.grows_at:
                    picture = picture.repeat(2, axis=0).repeat(2, axis=1)
                jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
                if index in self.server.garbage:
                    jpeg = jpeg[:2] + bytes(len(jpeg) - 4) + jpeg[-2:]
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
            if self.server.then_silent:
                self.server.stopping.wait()
        except ConnectionError:
            return  # the client has gone, as it may

    def log_message(self, *_: object) -> None:
        """Keeps the test's output clean."""
