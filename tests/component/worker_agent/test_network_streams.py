"""Network cameras over real sockets: RTSP, HTTP MJPEG, and every way in which they fail."""

import socket
import time
import traceback
from collections import deque
from itertools import pairwise
from pathlib import Path

import pytest

from tally.worker.agent.sources import (
    Credentials,
    Frame,
    Pace,
    SourceError,
    SourceErrorReason,
    open_source,
)
from tests.component.worker_agent.mjpeg_server import MjpegServer
from tests.component.worker_agent.rtsp_server import Behaviour, RtspServer
from tests.component.worker_agent.videos import SIZE, number_of, write_video


@pytest.fixture(scope="module")
def transport_stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("rtsp") / "camera.ts"
    # The last packet of a stream that just stops is never known to be whole; hence many frames.
    return write_video(path, frames=60, fps=30, codec="libx264", gop=5).read_bytes()


def test_http_mjpeg_delivers_until_the_camera_closes() -> None:
    with MjpegServer(frames=20) as server:
        source = open_source(f"{server.address}/stream")
        frames = source.frames()
        numbers = [number_of(next(frames).image) for _ in range(20)]
        with pytest.raises(SourceError) as caught:
            next(frames)
    assert caught.value.reason is SourceErrorReason.ENDED
    assert numbers == list(range(20))
    assert (source.info.width, source.info.height) == SIZE
    assert source.info.fps is None


def test_http_mjpeg_frames_are_timed_by_their_arrival() -> None:
    with MjpegServer(frames=1000, interval_s=0.05) as server:
        source = open_source(f"{server.address}/stream")
        began = time.monotonic()
        frames = source.frames()
        received = [next(frames) for _ in range(12)]
        took = time.monotonic() - began
        source.close()
        list(frames)
    assert [number_of(frame.image) for frame in received] == list(
        range(number_of(received[0].image), number_of(received[0].image) + 12)
    )
    times = [frame.time_s for frame in received]
    assert times == sorted(set(times))
    assert 0.5 * took < times[-1] <= took


def test_damaged_pictures_of_a_live_stream_are_skipped_and_counted() -> None:
    with MjpegServer(frames=200, garbage=frozenset(range(5, 200, 5))) as server:
        source = open_source(f"{server.address}/stream")
        frames = source.frames()
        numbers = [number_of(next(frames).image) for _ in range(40)]
        source.close()
        list(frames)
    assert not [number for number in numbers if number and number % 5 == 0]
    assert source.corrupt_frames >= 7


def test_a_live_stream_whose_pictures_change_their_size_ends_and_says_so() -> None:
    with MjpegServer(frames=200, grows_at=100) as server:
        source = open_source(f"{server.address}/stream")
        frames: deque[Frame] = deque(maxlen=1)
        with pytest.raises(SourceError, match="from 160 x 96 to 320 x 192") as caught:
            frames.extend(source.frames())
    assert caught.value.reason is SourceErrorReason.ENDED
    assert number_of(frames[-1].image) == 99


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, SourceErrorReason.UNAUTHORIZED),
        (403, SourceErrorReason.UNAUTHORIZED),
        (404, SourceErrorReason.NOT_FOUND),
        (503, SourceErrorReason.UNREACHABLE),
    ],
)
def test_http_errors_are_named(status: int, reason: SourceErrorReason) -> None:
    with MjpegServer() as server:
        assert _refusal(f"{server.address}/{status}").reason is reason


def test_rtsp_delivers_pictures_over_tcp(transport_stream: bytes) -> None:
    with RtspServer(Behaviour(transport_stream, seconds=2.0)) as server:
        source = open_source(f"rtsp://{server.address}/camera", pace=Pace.REALTIME)
        frames = source.frames()
        received = [next(frames) for _ in range(20)]
        source.close()
        list(frames)
    numbers = [number_of(frame.image) for frame in received]
    assert numbers == list(range(numbers[0], numbers[0] + 20))
    steps = [b.time_s - a.time_s for a, b in pairwise(received)]
    assert steps == pytest.approx([1 / 30] * 19, abs=0.002)


def test_rtsp_asks_for_and_takes_credentials(transport_stream: bytes) -> None:
    with RtspServer(Behaviour(transport_stream, credentials="guest:secret")) as server:
        error = _refusal(f"rtsp://guest:wrong@{server.address}/camera")
        assert error.reason is SourceErrorReason.UNAUTHORIZED
        assert "wrong" not in str(error)
        source = open_source(f"rtsp://guest:secret@{server.address}/camera")
        source.close()
        assert list(source.frames()) == []


ODD = Credentials("über guard", "p@ss/w?rd#100%:[horse]")
LONG = Credentials("u" * 63, "p" * 63)


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
@pytest.mark.parametrize("user", [ODD, LONG], ids=["odd", "long"])
def test_rtsp_shows_the_credentials_as_they_are(
    transport_stream: bytes, scheme: str, user: Credentials
) -> None:
    wanted = f"{user.username}:{user.password}"
    with RtspServer(Behaviour(transport_stream, credentials=wanted, scheme=scheme)) as server:
        source = open_source(f"rtsp://{server.address}/camera", credentials=user)
        source.close()
        assert list(source.frames()) == []


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
@pytest.mark.parametrize("user", [ODD, LONG], ids=["odd", "long"])
def test_http_shows_the_credentials_as_they_are(scheme: str, user: Credentials) -> None:
    with MjpegServer(credentials=f"{user.username}:{user.password}", scheme=scheme) as server:
        source = open_source(f"{server.address}/stream", credentials=user)
        assert number_of(next(source.frames()).image) == 0
        source.close()


def test_credentials_that_ffmpeg_would_cut_off_are_refused() -> None:
    with pytest.raises(SourceError, match="too long for RTSP") as caught:
        open_source("rtsp://127.0.0.1:1/camera", credentials=Credentials("guard", "ß" * 63))
    assert caught.value.reason is SourceErrorReason.UNAUTHORIZED


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_refused_credentials_show_nowhere(
    transport_stream: bytes, scheme: str, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = Credentials("guard", "wronghorse")
    stream = Behaviour(transport_stream, credentials="guard:right", scheme=scheme)
    with (
        RtspServer(stream) as rtsp,
        MjpegServer(credentials="guard:right", scheme=scheme) as http,
    ):
        for uri in (f"rtsp://{rtsp.address}/camera", f"{http.address}/stream"):
            with pytest.raises(SourceError) as caught:
                open_source(uri, credentials=wrong, timeout_s=1)
            assert caught.value.reason is SourceErrorReason.UNAUTHORIZED
            assert "wronghorse" not in "".join(traceback.format_exception(caught.value))
    assert "wronghorse" not in repr(wrong)
    assert "wronghorse" not in "".join(capfd.readouterr())


def test_rtsp_names_a_missing_path(transport_stream: bytes) -> None:
    with RtspServer(Behaviour(transport_stream)) as server:
        error = _refusal(f"rtsp://{server.address}/missing")
        assert error.reason is SourceErrorReason.NOT_FOUND


def test_a_stream_that_falls_silent_ends_within_the_timeout(transport_stream: bytes) -> None:
    with RtspServer(Behaviour(transport_stream, seconds=0.5, then_silent=True)) as server:
        source = open_source(f"rtsp://{server.address}/camera", timeout_s=1.5)
        with pytest.raises(SourceError) as caught:
            list(source.frames())
    assert caught.value.reason is SourceErrorReason.TIMEOUT


def test_an_http_stream_that_falls_silent_ends_within_the_timeout() -> None:
    with MjpegServer(frames=10, then_silent=True) as server:
        source = open_source(f"{server.address}/stream", timeout_s=1.0)
        with pytest.raises(SourceError) as caught:
            list(source.frames())
    assert caught.value.reason is SourceErrorReason.TIMEOUT


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_host_that_accepts_and_says_nothing_times_out(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        error = _refusal(f"{scheme}://user:secret@127.0.0.1:{port}/camera")
    assert error.reason is SourceErrorReason.TIMEOUT
    assert time.monotonic() - began < 5
    assert "secret" not in str(error)


@pytest.mark.parametrize("scheme", ["rtsp", "http", "https", "rtsps"])
def test_a_refused_connection_is_named(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = _refusal(f"{scheme}://127.0.0.1:{port}/camera?token=secret")
    assert error.reason is SourceErrorReason.REFUSED
    assert "secret" not in str(error)


@pytest.mark.parametrize("uri", ["rtsp://", "http://:80/x", "rtsp://host:port/", "http://[::1/x"])
def test_a_malformed_url_is_refused(uri: str) -> None:
    assert _refusal(uri).reason is SourceErrorReason.INVALID_URI


def test_a_page_that_is_no_video_is_refused(tmp_path: Path) -> None:
    with RtspServer(Behaviour(b"")) as server:
        error = _refusal(f"http://{server.address}/page")
    assert error.reason in {SourceErrorReason.NOT_VIDEO, SourceErrorReason.UNREACHABLE}


def _refusal(uri: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        open_source(uri, timeout_s=1)
    return caught.value
