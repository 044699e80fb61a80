"""Plays recordings to whoever connects, over and over at their own pace, as cameras do: MPEG-TS over HTTP.

`python -m benchmarks.live_server FILE…` writes its port; `/0`, `/1` … are the files. Nothing is encoded anew.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import av


class _Player(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Send the file until the other side has enough."""
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        try:
            self._play(sys.argv[1:][int(self.path[1:])])
        except (OSError, av.FFmpegError):
            return

    def _play(self, name: str) -> None:
        began, shift = time.monotonic(), 0
        with av.open(self, "w", format="mpegts") as out:
            stream = None
            while True:
                with av.open(name) as container:
                    source = container.streams.video[0]
                    stream = stream or out.add_stream_from_template(source)
                    length = source.duration or 0
                    for packet in container.demux(source):
                        if packet.dts is None or packet.pts is None:
                            continue
                        packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
                        due = began + float(packet.dts * (source.time_base or 0))
                        time.sleep(max(due - time.monotonic(), 0))
                        packet.stream = stream
                        out.mux(packet)
                    shift += length

    def write(self, data: bytes) -> int:
        """What the muxer calls."""
        return self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until killed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Player)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
