"""Each crossing has its picture, from when it crossed, and nobody can be recognised in it."""

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from tally.counting import Detections, FrameResult, Line, Tracks
from tally.worker.agent import crossing_pictures
from tally.worker.agent.covering import covered
from tally.worker.agent.crossing_pictures import CrossingPicture, CrossingPictures
from tally.worker.agent.detector import Detector, DetectorUnavailable
from tally.worker.agent.pipeline import CountedFrame
from tally.worker.agent.privacy import NOTHING_HIDDEN, WHOLE, Privacy
from tally.worker.agent.sources import Frame, Image, SourceInfo
from tests.unit.worker.agent.scenes import (
    BEGAN,
    CAMERA_ID,
    FPS,
    WalkDetector,
    WalkSource,
    task,
)
from tests.unit.worker.agent.test_reading import read

WEEK = timedelta(days=7)
HEIGHT, WIDTH = 480, 640
NOISE = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)


class NoisySource(WalkSource):
    """The walk over ground so rough that one sees what was covered."""

    def __init__(self) -> None:
        super().__init__(50)
        self.info = SourceInfo(WIDTH, HEIGHT, float(FPS), None, live=False)

    def frames(self) -> Generator[Frame, None, None]:
        for frame in super().frames():
            image = NOISE.copy()
            image[0, 0] = frame.image[0, 0]
            yield replace(frame, image=image)


async def pictured(**changes: object) -> tuple[list[CrossingPicture], list[bool]]:
    """The pictures of a walk, and whether each crossing says that it has one."""
    pictures: list[CrossingPicture] = []
    camera = task(**changes)
    records = await read(
        NoisySource(), set_task=camera, now=lambda: camera, send_picture=pictures.append
    )
    crossings = [each for record in records for each in record.crossings]
    assert [each.id for each in crossings if each.HasField("picture_expire_time")] == [
        picture.crossing_id for picture in pictures
    ]
    return pictures, [each.HasField("picture_expire_time") for each in crossings]


async def test_no_pictures_are_taken_unless_somebody_wants_them() -> None:
    assert await pictured() == ([], [False])


async def test_a_crossing_has_a_picture_of_the_moment_when_it_crossed() -> None:
    [picture], told = await pictured(picture_retention=WEEK)
    assert told == [True]
    assert (picture.camera_id, picture.object_class) == (CAMERA_ID, "person")
    left, top, right, bottom = picture.box
    # The walk is 2.5 % of the height a frame, the line in its middle, and a person a fifth of it.
    height, width = picture.image.shape[:2]
    assert (bottom - top) * height == pytest.approx(HEIGHT / 5, abs=3)
    assert (right - left) * width == pytest.approx(WIDTH / 10, abs=3)
    assert 0 <= left < right <= 1
    assert timedelta() < picture.expire_time - BEGAN - WEEK < timedelta(seconds=5)


async def test_the_same_frames_make_the_same_pictures() -> None:
    [first], _ = await pictured(picture_retention=WEEK)
    [second], _ = await pictured(picture_retention=WEEK)
    assert first.crossing_id == second.crossing_id
    assert np.array_equal(first.image, second.image)


def frame_with(
    track: int, box: tuple[float, ...], time_s: float, image: Image = NOISE
) -> CountedFrame:
    boxes = np.array([box], np.float32)
    tracks = Tracks(np.array([track]), boxes, np.array([1], np.int32), np.array([0.9], np.float32))
    return CountedFrame(
        Frame(0, time_s, BEGAN + timedelta(seconds=time_s), image),
        Detections(boxes, np.array([0.9], np.float32), np.array([1], np.int32)),
        FrameResult(tracks, (), (), {}, {}),
    )


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossing_pictures, "MEMORY_BYTES", 2**20)
    pictures = CrossingPictures(
        task(picture_retention=WEEK), (WIDTH, HEIGHT), WalkDetector(), lambda picture: None
    )
    for step in range(200):
        pictures.look(frame_with(step, (0.4, 0.4, 0.5, 0.6), step / FPS), NOTHING_HIDDEN)
    assert 2**19 < pictures.held_bytes <= 2**20
    pictures.look(frame_with(999, (0.4, 0.4, 0.5, 0.6), 1000.0), NOTHING_HIDDEN)
    assert 0 < pictures.held_bytes < 2**18, (
        "what is older than any crossing that may settle is forgotten"
    )


def test_what_is_far_from_all_lines_is_not_looked_at() -> None:
    line = Line("top", ((0.1, 0.1), (0.9, 0.1)))
    pictures = CrossingPictures(
        task(picture_retention=WEEK, lines=(line,)), (WIDTH, HEIGHT), WalkDetector(), print
    )
    pictures.look(frame_with(0, (0.4, 0.7, 0.5, 0.9), 0.0), NOTHING_HIDDEN)
    assert pictures.held_bytes == 0
    pictures.look(frame_with(0, (0.4, -0.1, 0.5, 0.1), 1.0), NOTHING_HIDDEN)
    assert pictures.held_bytes > 0


def picture_of(
    object_class: str, box: tuple[float, ...], others: list[tuple[float, ...]], detector: Detector
) -> CrossingPicture:
    return CrossingPicture(
        CAMERA_ID,
        "crossing",
        object_class,
        NOISE,
        np.array(box, np.float32),
        np.array(others, np.float32).reshape(-1, 4),
        WHOLE,
        NOTHING_HIDDEN,
        detector,
        BEGAN,
    )


def rough(image: Image, x: float, y: float) -> bool:
    """Whether the picture is as it was around a place, where nothing smooth was put."""
    column, row = round(x * WIDTH), round(y * HEIGHT)
    same = (
        image[row - 3 : row + 3, column - 3 : column + 3]
        == NOISE[row - 3 : row + 3, column - 3 : column + 3]
    )
    return bool(same.mean() > 0.9)


class Blind(WalkDetector):
    """Remembers frames, so that it is not asked for people in a picture."""

    def __init__(self) -> None:
        super().__init__(stateful=True)


BOX = (0.4, 0.2, 0.6, 0.8)


@pytest.mark.parametrize(
    ("object_class", "head", "middle", "foot"),
    [("person", False, True, True), ("car", True, False, False), ("object", False, False, False)],
)
async def test_faces_and_plates_are_covered_by_where_they_are(
    object_class: str, head: bool, middle: bool, foot: bool
) -> None:
    image = await covered(picture_of(object_class, BOX, [], Blind()))
    assert (rough(image, 0.5, 0.3), rough(image, 0.5, 0.58), rough(image, 0.5, 0.7)) == (
        head,
        middle,
        foot,
    )
    assert rough(image, 0.1, 0.5), "the surroundings stay"


async def test_who_is_hidden_always_is_covered_whole() -> None:
    picture = picture_of("person", BOX, [], Blind())
    image = await covered(replace(picture, privacy=Privacy(always_hides_people=True)))
    assert not any(rough(image, 0.5, y) for y in (0.3, 0.58, 0.7))
    assert rough(image, 0.1, 0.5), "the surroundings stay"


async def test_an_area_is_black_in_the_part_of_the_frame_that_is_pictured() -> None:
    left_half = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    [picture], _ = await pictured(picture_retention=WEEK, privacy=Privacy(areas=(left_half,)))
    left, _, right, _ = picture.part
    assert left < 0.5 < right
    image = await covered(replace(picture, detector=Blind()))
    edge = (0.5 - left) / (right - left) * image.shape[1]
    assert not image[:, : int(edge)].any()
    assert image[:, int(edge) + 2 :].any(axis=2).mean() > 0.9


async def test_all_others_are_covered_whole() -> None:
    image = await covered(picture_of("person", BOX, [(0.8, 0.2, 0.95, 0.8), BOX], Blind()))
    assert not rough(image, 0.9, 0.3)
    assert not rough(image, 0.9, 0.75)
    assert rough(image, 0.5, 0.7), "the object itself is no other"


async def test_people_whom_the_camera_does_not_count_are_found_and_covered() -> None:
    detector = WalkDetector()
    scene = NOISE.copy()
    scene[0, 0, 0] = 90
    picture = replace(picture_of("car", (0.0, 0.0, 0.1, 0.1), [], detector), image=scene)
    image = await covered(picture)
    assert detector.calls == 1
    assert not rough(image, 0.45, 0.8)


async def test_nothing_is_shown_if_nobody_can_tell_where_people_are() -> None:
    silent = WalkDetector(fails=lambda call: True)
    with pytest.raises(DetectorUnavailable):
        await covered(picture_of("person", BOX, [], silent))
