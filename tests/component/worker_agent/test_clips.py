"""Clips show their span of a recording, with the shapes on it."""

from pathlib import Path

import numpy as np
import pytest

from tally.counting import Line
from tally.worker.agent.clips import cut_clips
from tally.worker.agent.privacy import NOTHING_HIDDEN, Privacy
from tally.worker.agent.sources import Frame, Pace, open_source
from tally.worker.agent.video_writer import VideoWriter

SIZE, FPS = (160, 120), 10
BRIGHTNESS = (60, 200, 120)
LINE = Line("Gate", ((0.5, 0.9), (0.5, 0.1)))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Three seconds, each darker or brighter than the one before by far more than codecs blur."""
    path = tmp_path / "recording.mp4"
    with VideoWriter(path, width=SIZE[0], height=SIZE[1], fps=FPS) as writer:
        for number in range(3 * FPS):
            shade = BRIGHTNESS[number // FPS]
            writer.write(np.full((SIZE[1], SIZE[0], 3), shade, np.uint8), number / FPS)
    return path


def cut(
    recording: Path, spans: dict[Path, tuple[float, float]], privacy: Privacy = NOTHING_HIDDEN
) -> list[Path]:
    source = open_source(str(recording), pace=Pace.AS_FAST_AS_POSSIBLE)
    return cut_clips(source, spans, lines=[LINE], privacy=privacy)


def frames(path: Path) -> list[Frame]:
    return list(open_source(str(path), pace=Pace.AS_FAST_AS_POSSIBLE).frames())


def test_clips_that_overlap_are_cut_in_one_reading(recording: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.mp4", tmp_path / "second.mp4"
    assert cut(recording, {first: (0.5, 1.5), second: (1.0, 3.0)}) == [first, second]
    for path, shades in ((first, [60] * 5 + [200] * 5), (second, [200] * 10 + [120] * 10)):
        corners = [frame.image[-10:, -10:].mean() for frame in frames(path)]
        assert corners == pytest.approx(shades, abs=15)


def test_the_lines_are_drawn(recording: Path, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    cut(recording, {path: (0.0, 1.0)})
    image = frames(path)[0].image
    assert image[24:36, 78:83].max() > image[-10:, -10:].max() + 50


def test_what_the_camera_hides_is_black(recording: Path, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    corner = ((0.8, 0.0), (1.0, 0.0), (1.0, 0.4), (0.8, 0.4))
    cut(recording, {path: (1.0, 1.5)}, Privacy(areas=(corner,)))
    image = frames(path)[0].image
    assert image[:40, 136:].max() < 20
    assert image[-10:, -10:].mean() > 180


def test_what_the_recording_does_not_show_is_told(recording: Path, tmp_path: Path) -> None:
    shown, missing = tmp_path / "shown.mp4", tmp_path / "missing.mp4"
    assert cut(recording, {shown: (2.5, 3.5), missing: (4.0, 5.0)}) == [shown]
    assert not missing.exists()
