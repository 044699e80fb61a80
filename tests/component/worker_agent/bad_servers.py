"""Cameras that mean harm: they keep a decoder busy for ever, or have it take all memory."""

import itertools
import struct
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BOUNDARY = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"


def endless_garbage() -> Iterator[bytes]:
    """Parts of a motion JPEG stream, none of which is a picture."""
    return itertools.repeat(BOUNDARY + b"\xff\xd8" + bytes(200) + b"\xff\xd9\r\n")


class BadServer(ThreadingHTTPServer):
    """Sends what never ends to whoever asks, on a free loopback port.

    Args:
        parts: What it sends, a piece each 10 ms.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, parts: Iterator[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.parts = parts
        self.asked = threading.Event()
        self.stopping = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/stream"


class _Handler(BaseHTTPRequestHandler):
    server: BadServer

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        self.server.asked.set()
        try:
            for part in self.server.parts:
                self.wfile.write(part)
                if self.server.stopping.wait(0.01):
                    return
        except ConnectionError:
            return  # the client has gone, as it may

    def log_message(self, *_: object) -> None:
        """Keeps the test's output clean."""


def huge_png(side: int) -> bytes:
    """A picture of a few kilobytes that takes `side`² bytes once it is unpacked, and more once it has colours."""
    row = bytes(1 + side)
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )
