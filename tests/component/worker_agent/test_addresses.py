"""Streams come from addresses that are allowed, whatever names, redirects and playlists say."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tally.kernel.stream_address import StreamNetworks
from tally.worker.agent.sources import SourceError, SourceErrorReason, open_source
from tests.component.worker_agent.mjpeg_server import MjpegServer
from tests.component.worker_agent.videos import number_of

LOOPBACK = StreamNetworks("127.0.0.0/8 ::1/128")


def refusal(uri: str, networks: StreamNetworks = LOOPBACK) -> SourceError:
    with pytest.raises(SourceError) as caught:
        open_source(uri, timeout_s=1, networks=networks)
    return caught.value


def resolves(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have each lookup of a name answer with these; returns the names that are looked up."""
    asked: list[str] = []

    def answer(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@contextmanager
def answering(response: bytes) -> Iterator[str]:
    """A server that gives everybody the same answer."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(response)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "rtsps"])
@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "0.0.0.0", "127.1", "localhost"])  # noqa: S104 - nobody binds it
def test_a_forbidden_address_is_not_connected_to(scheme: str, host: str) -> None:
    error = refusal(f"{scheme}://{host}:1/latest", StreamNetworks())
    assert error.reason is SourceErrorReason.FORBIDDEN
    assert "TALLY_AGENT_STREAM_NETWORKS" in str(error)


def test_a_name_with_one_forbidden_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch, "10.0.0.7", "169.254.169.254")
    assert refusal("rtsp://camera.test/live").reason is SourceErrorReason.FORBIDDEN


def test_an_unknown_name_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refusal("rtsp://camera.test/live")
    assert error.reason is SourceErrorReason.UNREACHABLE
    assert "host that is not known" in str(error)


def test_a_name_is_looked_up_once_and_each_of_its_addresses_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # FFmpeg does not know this name: it connects to the address that was checked.
    asked = resolves(monkeypatch, "127.0.0.2", "127.0.0.1")
    with MjpegServer() as server:
        uri = f"http://camera.test:{server.server_port}/stream"
        source = open_source(uri, networks=LOOPBACK)
        assert number_of(next(source.frames()).image) == 0
        source.close()
        assert server.hosts == [f"camera.test:{server.server_port}"]
    assert asked == ["camera.test"]


def test_redirects_are_not_followed() -> None:
    with MjpegServer() as elsewhere:
        answer = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.address}/stream\r\nContent-Length: 0\r\n\r\n"
        with answering(answer.encode()) as camera:
            error = refusal(f"{camera}/stream")
        assert elsewhere.hosts == []
    assert error.reason is SourceErrorReason.UNREACHABLE
    assert "redirects" in str(error)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
        '<AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>{}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>",
    ],
    ids=["hls", "concat", "dash"],
)
def test_playlists_fetch_nothing(playlist: str) -> None:
    with MjpegServer() as elsewhere:
        body = playlist.format(f"{elsewhere.address}/stream")
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        with answering((head + body).encode()) as camera:
            error = refusal(f"{camera}/stream.m3u8")
        assert elsewhere.hosts == []
    assert error.reason is SourceErrorReason.NOT_VIDEO
