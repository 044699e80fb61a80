"""The reader's thread and the event loop, over real sources."""

import asyncio
import socket
import threading
import time
from pathlib import Path

import pytest

from tally.worker.agent.reader import FrameReader
from tally.worker.agent.sources import Pace, SourceError, SourceErrorReason, open_source
from tests.component.worker_agent.mjpeg_server import MjpegServer
from tests.component.worker_agent.videos import number_of, write_video


async def test_a_slow_consumer_of_a_recording_gets_every_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=40)
    reader = FrameReader(open_source(str(path), pace=Pace.AS_FAST_AS_POSSIBLE), drop=False)
    reader.start()
    numbers = []
    while (frame := await reader.get()) is not None:
        numbers.append(number_of(frame.image))
        await asyncio.sleep(0.002)
        # Backpressure: the decoder never runs far ahead.
        assert reader.decoded <= len(numbers) + 6
    await reader.stop()
    assert numbers == list(range(40))
    assert (reader.decoded, reader.dropped, reader.corrupt) == (40, 0, 0)


async def test_a_slow_consumer_of_live_video_gets_the_newest_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=40)
    reader = FrameReader(open_source(str(path), pace=Pace.AS_FAST_AS_POSSIBLE), drop=True)
    reader.start()
    while reader.decoded < 40:  # nobody takes a frame until all are decoded
        await asyncio.sleep(0.005)
    newest = await reader.get()
    assert newest is not None
    assert number_of(newest.image) == 39
    assert reader.dropped == 39
    assert await reader.get() is None
    await reader.stop()


async def test_a_dead_stream_is_reported_and_the_reader_stops() -> None:
    with MjpegServer(frames=5, then_silent=True) as server:
        source = await asyncio.to_thread(open_source, f"{server.address}/stream", timeout_s=0.5)
        reader = FrameReader(source, drop=True)
        reader.start()
        with pytest.raises(SourceError) as caught:
            await _drain(reader)
        await reader.stop()
    assert caught.value.reason is SourceErrorReason.TIMEOUT


async def test_a_stream_without_a_decodable_frame_stalls() -> None:
    garbage = frozenset(range(3, 100_000))
    with MjpegServer(frames=100_000, interval_s=0.01, garbage=garbage) as server:
        source = await asyncio.to_thread(open_source, f"{server.address}/stream")
        reader = FrameReader(source, drop=True, stall_timeout_s=0.4)
        reader.start()
        with pytest.raises(SourceError) as caught:
            await _drain(reader)
        assert caught.value.reason is SourceErrorReason.TIMEOUT
        assert reader.corrupt > 5
        await reader.stop()


async def test_stopping_while_the_camera_is_silent_joins_within_the_read_timeout() -> None:
    with MjpegServer(frames=5, then_silent=True) as server:
        source = await asyncio.to_thread(open_source, f"{server.address}/stream", timeout_s=1)
        reader = FrameReader(source, drop=True)
        reader.start()
        assert await reader.get() is not None
        began = time.monotonic()
        await reader.stop()
    assert time.monotonic() - began < 3
    assert not _reader_threads()


@pytest.mark.parametrize("drop", [True, False])
async def test_stopping_amid_an_endless_scene_wakes_and_joins_the_thread(drop: bool) -> None:
    source = open_source("demo://plaza?width=160&height=90", pace=Pace.AS_FAST_AS_POSSIBLE)
    reader = FrameReader(source, drop=drop)
    reader.start()
    assert await reader.get() is not None
    began = time.monotonic()
    await reader.stop()
    assert time.monotonic() - began < 1
    assert not _reader_threads()
    await _drain(reader)


async def test_a_waiting_consumer_is_woken_by_stop() -> None:
    source = open_source("demo://plaza?width=160&height=90&fps=1")
    reader = FrameReader(source, drop=True)
    reader.start()
    assert await reader.get() is not None
    waiting = asyncio.create_task(reader.get())
    await asyncio.sleep(0)
    await reader.stop()
    async with asyncio.timeout(1):
        await waiting


async def test_opening_refused_leaves_no_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceError):
        await asyncio.to_thread(open_source, f"rtsp://127.0.0.1:{port}/camera")
    assert not _reader_threads()


async def _drain(reader: FrameReader) -> None:
    while await reader.get() is not None:
        pass


def _reader_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("frame-reader")]
