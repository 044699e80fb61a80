"""Writing MP4 files, read back with FFmpeg."""

from pathlib import Path

import av
import pytest

from tally.worker.agent.sources import Pace, open_source
from tally.worker.agent.video_writer import VideoWriter
from tests.component.worker_agent.videos import SIZE, number_of, numbered


@pytest.mark.parametrize("codecs", [av.codecs_available, {"mpeg4"}], ids=["h264", "mpeg4"])
def test_frames_come_back_in_order_at_their_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codecs: set[str]
) -> None:
    monkeypatch.setattr(av, "codecs_available", codecs)
    times = [0.0, 0.1, 0.2, 0.45, 0.5, 1.7]
    path = tmp_path / "out.mp4"
    with VideoWriter(path, width=SIZE[0], height=SIZE[1], fps=10.0) as writer:
        for index, time_s in enumerate(times):
            writer.write(numbered(index), time_s)

    frames = list(open_source(str(path), pace=Pace.AS_FAST_AS_POSSIBLE).frames())

    assert [number_of(frame.image) for frame in frames] == list(range(6))
    assert [frame.time_s for frame in frames] == pytest.approx(times, abs=0.001)


def test_odd_sizes_lose_their_last_column_and_row(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, width=SIZE[0] - 1, height=SIZE[1] - 1, fps=10.0) as writer:
        writer.write(numbered(0)[:-1, :-1], 0.0)
    info = open_source(str(path)).info
    assert (info.width, info.height) == (SIZE[0] - 2, SIZE[1] - 2)


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        VideoWriter(tmp_path / "missing" / "out.mp4", width=16, height=16, fps=10.0)
