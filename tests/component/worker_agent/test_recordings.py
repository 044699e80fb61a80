"""Video files: every frame, in place and on time, and one clear line for what is no video."""

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from tally.worker.agent.sources import Pace, SourceError, SourceErrorReason, open_source
from tests.component.worker_agent.videos import SIZE, number_of, write_video

STARTED = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.ts", "mpeg2video"), ("a.avi", "mjpeg")],
)
def test_every_frame_comes_in_order_with_its_own_time(
    tmp_path: Path, name: str, codec: str
) -> None:
    path = write_video(tmp_path / name, codec=codec)
    source = open_source(str(path), pace=Pace.AS_FAST_AS_POSSIBLE, started_at=STARTED)

    frames = list(source.frames())

    assert [number_of(frame.image) for frame in frames] == list(range(40))
    assert [frame.index for frame in frames] == list(range(40))
    assert [frame.time_s for frame in frames] == pytest.approx([i / 10 for i in range(40)])
    assert [frame.captured_at for frame in frames] == [
        STARTED + timedelta(seconds=frame.time_s) for frame in frames
    ]
    assert (source.info.width, source.info.height, source.info.fps) == (*SIZE, 10.0)
    assert source.corrupt_frames == 0


def test_playing_again_gives_the_same_indexes_and_times(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4")
    runs = [
        [
            (frame.index, frame.time_s, frame.captured_at)
            for frame in open_source(
                path.as_uri(), pace=Pace.AS_FAST_AS_POSSIBLE, started_at=STARTED
            ).frames()
        ]
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_in_real_time_a_file_plays_at_its_own_rate(tmp_path: Path) -> None:
    source = open_source(str(write_video(tmp_path / "a.mp4", frames=9, fps=20)))
    began = time.monotonic()
    arrivals = [time.monotonic() - began for _ in source.frames()]
    # No frame before its time; how late a busy machine is proves nothing.
    assert all(arrival >= i / 20 for i, arrival in enumerate(arrivals))
    assert len(arrivals) == 9


def test_closing_ends_a_paced_recording_at_once(tmp_path: Path) -> None:
    source = open_source(str(write_video(tmp_path / "a.mp4", frames=3, fps=1)))
    frames = source.frames()
    next(frames)
    source.close()
    began = time.monotonic()
    assert list(frames) == []
    assert time.monotonic() - began < 0.5


def test_a_recording_turned_on_its_side_is_put_upright(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", frames=3, rotation=-90)
    source = open_source(str(path), pace=Pace.AS_FAST_AS_POSSIBLE)
    image = next(source.frames()).image
    assert (source.info.width, source.info.height) == SIZE[::-1]
    assert image.shape == (SIZE[0], SIZE[1], 3)


def test_corrupt_frames_are_skipped_and_counted_and_the_others_keep_their_numbers(
    tmp_path: Path,
) -> None:
    path = write_video(tmp_path / "a.avi", codec="mjpeg", damaged=(11, 12, 25))
    source = open_source(str(path), pace=Pace.AS_FAST_AS_POSSIBLE)

    frames = list(source.frames())

    whole = [number for number in range(40) if number not in (11, 12, 25)]
    assert [number_of(frame.image) for frame in frames] == whole
    assert [frame.index for frame in frames] == whole
    assert source.corrupt_frames == 3


def test_a_truncated_file_gives_the_frames_that_are_left(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", frames=60)
    data = whole.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) * 6 // 10])

    numbers = [
        number_of(frame.image)
        for frame in open_source(str(cut), pace=Pace.AS_FAST_AS_POSSIBLE).frames()
    ]

    assert 10 < len(numbers) < 60
    assert numbers == list(range(len(numbers)))


def test_a_video_without_its_index_is_refused(tmp_path: Path) -> None:
    data = write_video(tmp_path / "whole.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) // 2])
    assert _refusal(str(cut)).reason is SourceErrorReason.NOT_VIDEO


@pytest.mark.parametrize("content", [b"", b"just some words\n" * 500, b"\x00\xff" * 4000])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    error = _refusal(str(path))
    assert error.reason is SourceErrorReason.NOT_VIDEO
    assert str(path) in str(error)
    assert "\n" not in str(error)


def test_sound_without_pictures_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        silence = av.AudioFrame(format="s16", layout="mono", samples=800)
        silence.rate = 8000
        silence.planes[0].update(bytes(silence.planes[0].buffer_size))
        container.mux([*stream.encode(silence), *stream.encode(None)])
    error = _refusal(str(path))
    assert error.reason is SourceErrorReason.NOT_VIDEO
    assert "no video stream" in str(error)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    missing = _refusal(str(tmp_path / "missing.mp4"))
    assert missing.reason is SourceErrorReason.NOT_FOUND
    assert str(missing) == f"{tmp_path}/missing.mp4 does not exist; check the path"
    assert _refusal(str(tmp_path)).reason is SourceErrorReason.NOT_VIDEO


def test_a_file_name_cannot_smuggle_in_a_protocol(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4")
    assert _refusal(f"concat:{video}").reason is SourceErrorReason.NOT_FOUND


def test_a_playlist_in_a_file_cannot_make_the_worker_fetch_urls(tmp_path: Path) -> None:
    shutil.copy(write_video(tmp_path / "a.ts", codec="mpeg2video"), tmp_path / "b.ts")
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:4,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    assert _refusal(str(playlist)).reason is SourceErrorReason.NOT_VIDEO


@pytest.mark.parametrize("uri", ["ftp://host/a.mp4", "udp://239.0.0.1:5000", "concat://a"])
def test_other_schemes_are_refused(uri: str) -> None:
    error = _refusal(uri)
    assert error.reason is SourceErrorReason.UNSUPPORTED_SCHEME
    assert "rtsp://" in str(error)


def _refusal(uri: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        open_source(uri, timeout_s=2)
    return caught.value
