"""Streams are looked at by a process of its own, which whatever they hold harms alone."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from tally.api.camera.v1 import probe_pb2, stream_pb2
from tally.api.counting.v1 import geometry_pb2
from tally.api.worker.v1.requests_pb2 import ProbeRequest
from tally.kernel.sealing import KeyRing
from tally.kernel.stream_address import credentials_purpose
from tally.worker.agent.jpeg import MAX_BYTES, encode_jpeg, fitted
from tally.worker.agent.probing.probe import Prober
from tests.clips import empty_place
from tests.component.worker_agent.bad_servers import BadServer, endless_garbage, huge_png
from tests.component.worker_agent.mjpeg_server import MjpegServer
from tests.component.worker_agent.videos import SIZE, number_of, write_video

KEYS = KeyRing({"one": "k" * 32})
PROBE_ID = "0190a5b2-0000-7000-8000-000000000001"
NETWORKS = "127.0.0.0/8"


async def probed(
    request: ProbeRequest | str, folder: Path, *, timeout_s: float = 30.0
) -> probe_pb2.StreamProbe:
    if isinstance(request, str):
        request = ProbeRequest(uri=request)
    return (await Prober(KEYS, NETWORKS, [folder], timeout_s=timeout_s)(request)).probe


async def the_child() -> psutil.Process:
    """The process that looks, once it is there."""
    async with asyncio.timeout(20):
        while True:
            for child in psutil.Process().children():
                if "tally.worker.agent.probing.child" in child.cmdline():
                    return child
            await asyncio.sleep(0.02)


def picture_number(jpeg: bytes) -> int:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return number_of(image.astype(np.uint8))


async def test_a_stream_that_plays_is_described_and_shown(tmp_path: Path) -> None:
    video = write_video(tmp_path / "yard.mp4", frames=10, fps=12)
    found = await probed(f"file://{video}", tmp_path)
    stream = found.stream
    assert (stream.codec, stream.width, stream.height) == ("h264", *SIZE)
    assert (stream.frames_per_second, stream.live) == (12.0, False)
    assert picture_number(stream.jpeg) == 0


async def test_what_a_camera_hides_is_not_seen(tmp_path: Path) -> None:
    video = write_video(tmp_path / "yard.mp4", frames=10, fps=12)
    everything = [geometry_pb2.Point(x=x, y=y) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
    privacy = geometry_pb2.Privacy(areas=[geometry_pb2.PrivacyArea(polygon=everything)])
    request = ProbeRequest(uri=f"file://{video}", privacy=privacy)
    black = cv2.imdecode(
        np.frombuffer((await probed(request, tmp_path)).stream.jpeg, np.uint8), cv2.IMREAD_COLOR
    )
    assert black is not None
    assert not black.any()
    # Nobody can tell where people are in a picture that is not counted on.
    request.privacy.hide_people = geometry_pb2.HIDE_PEOPLE_ALWAYS
    stream = (await probed(request, tmp_path)).stream
    assert (stream.width, stream.height, stream.jpeg) == (*SIZE, b"")


async def test_credentials_travel_sealed_and_are_needed(tmp_path: Path) -> None:
    with MjpegServer(frames=1000, credentials="guest:secret") as server:
        uri = f"{server.address}/stream"
        without = await probed(uri, tmp_path)
        assert without.failure.reason == probe_pb2.STREAM_FAILURE_REASON_UNAUTHORIZED
        secret = stream_pb2.StreamCredentials(username="guest", password="secret")
        sealed = KEYS.seal(secret.SerializeToString(), credentials_purpose(PROBE_ID, uri))
        request = ProbeRequest(uri=uri, sealed_credentials=sealed, sealed_for=PROBE_ID)
        assert (await probed(request, tmp_path)).stream.codec == "mjpeg"
        # They open for this host alone.
        request.uri = uri.replace("127.0.0.1", "127.0.0.2")
        refused = await probed(request, tmp_path)
    assert refused.failure.reason == probe_pb2.STREAM_FAILURE_REASON_UNAUTHORIZED
    assert "secret" not in refused.failure.message


async def test_reasons_are_told_apart(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no film")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    expected = {
        f"file://{text}": probe_pb2.STREAM_FAILURE_REASON_NOT_VIDEO,
        f"file://{tmp_path}/none.mp4": probe_pb2.STREAM_FAILURE_REASON_NOT_FOUND,
        "file:///etc/passwd": probe_pb2.STREAM_FAILURE_REASON_FORBIDDEN,
        "http://169.254.169.254/latest": probe_pb2.STREAM_FAILURE_REASON_FORBIDDEN,
        f"rtsp://127.0.0.1:{port}/yard": probe_pb2.STREAM_FAILURE_REASON_REFUSED,
        "ftp://127.0.0.1/yard": probe_pb2.STREAM_FAILURE_REASON_UNSUPPORTED_SCHEME,
    }
    for uri, reason in expected.items():
        found = await probed(uri, tmp_path)
        assert (uri, found.failure.reason) == (uri, reason)
        assert found.failure.message


async def test_a_stream_without_end_and_picture_is_given_up_and_learns_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLY_AGENT_STREAM_KEYS", "one:secret")
    with BadServer(endless_garbage()) as server:
        probing = asyncio.create_task(probed(server.address, tmp_path, timeout_s=1.5))
        child = await the_child()
        assert os.getpgid(child.pid) == child.pid
        assert not any("TALLY" in name for name in child.environ())
        found = await probing
    assert found.failure.reason == probe_pb2.STREAM_FAILURE_REASON_TIMEOUT
    assert not child.is_running()


async def test_a_decoder_that_crashes_fails_alone(tmp_path: Path) -> None:
    with BadServer(endless_garbage()) as server:
        probing = asyncio.create_task(probed(server.address, tmp_path))
        child = await the_child()
        await asyncio.to_thread(server.asked.wait, 20)
        child.send_signal(signal.SIGSEGV)
        found = await probing
    assert found.failure.reason == probe_pb2.STREAM_FAILURE_REASON_CRASHED
    video = write_video(tmp_path / "yard.mp4", frames=10)
    assert (await probed(f"file://{video}", tmp_path)).HasField("stream")


async def test_a_picture_that_would_take_all_memory_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(huge_png(16_000))
    found = await probed(f"file://{bomb}", tmp_path)
    assert found.failure.reason == probe_pb2.STREAM_FAILURE_REASON_TOO_LARGE


async def test_who_gives_up_a_probe_leaves_no_process(tmp_path: Path) -> None:
    with BadServer(endless_garbage()) as server:
        probing = asyncio.create_task(probed(server.address, tmp_path))
        child = await the_child()
        probing.cancel()
        await asyncio.gather(probing, return_exceptions=True)
    assert not child.is_running()


@pytest.mark.parametrize("size", [(900, 1600), (4000, 3), (3, 4000)])
def test_a_jpeg_is_never_larger_than_a_message_carries(size: tuple[int, int]) -> None:
    noise = next(empty_place(noise=80.0, size=size))
    assert 0 < len(encode_jpeg(fitted(noise, 1280))) <= MAX_BYTES
