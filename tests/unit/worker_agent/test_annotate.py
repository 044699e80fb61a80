"""What the annotated picture shows."""

import numpy as np
import pytest

from tally.counting import Crossing, Direction, FrameResult, Line, Tracks, Zone
from tally.worker.agent import annotate
from tally.worker.agent.annotate import Annotator
from tally.worker.agent.overlay import IN, OUT, PAPER, draw_shapes
from tally.worker.agent.sources import Image

SIZE = (480, 360)
LINE = Line("Gate", ((0.6, 0.9), (0.6, 0.3)))  # upwards: to the right is in
ZONE = Zone("Yard", polygon=((0.65, 0.4), (0.95, 0.4), (0.95, 0.8), (0.65, 0.8)))


def _blank() -> Image:
    return np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)


def _result(
    *boxes: tuple[float, float, float, float],
    crossings: tuple[Crossing, ...] = (),
    inside: int = 0,
) -> FrameResult:
    count = len(boxes)
    tracks = Tracks(
        ids=np.arange(count, dtype=np.int64),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        classes=np.zeros(count, np.int32),
        scores=np.ones(count, np.float32),
    )
    return FrameResult(tracks, crossings=crossings, occupancy={"Yard": inside})


def _crossing(direction: Direction) -> Crossing:
    return Crossing("Gate", direction, track=0, ordinal=0, time_s=1.0, class_id=0, score=0.9)


def _annotator() -> Annotator:
    return Annotator([LINE], [ZONE], SIZE, title="a.mp4")


def test_the_frame_itself_is_left_alone() -> None:
    frame = _blank()
    drawn = _annotator().draw(frame, _result((0.1, 0.5, 0.2, 0.8)), 0.0)
    assert (frame == 90).all()
    assert drawn.shape == frame.shape
    assert drawn.dtype == np.uint8


def test_in_points_to_the_positive_side_and_out_to_the_other() -> None:
    drawn = _annotator().draw(_blank(), _result(), 0.0)
    row = drawn[round(0.6 * SIZE[1])].astype(int)
    green = np.flatnonzero(np.abs(row - IN).sum(axis=1) < 30)
    red = np.flatnonzero(np.abs(row - OUT).sum(axis=1) < 30)
    line = round(0.6 * SIZE[0])
    assert green.size > 0
    assert red.size > 0
    assert green.min() > line > red.max()


def test_boxes_are_drawn_where_tracks_are() -> None:
    with_box = _annotator().draw(_blank(), _result((0.1, 0.5, 0.2, 0.8)), 0.0).astype(int)
    without = _annotator().draw(_blank(), _result(), 0.0)
    changed = np.argwhere(np.abs(with_box - without).max(axis=-1) > 40)
    top, left = changed.min(axis=0)
    bottom, right = changed.max(axis=0)
    assert left == pytest.approx(0.1 * SIZE[0], abs=3)
    assert right == pytest.approx(0.2 * SIZE[0], abs=3)
    assert bottom == pytest.approx(0.8 * SIZE[1], abs=3)
    assert top < 0.5 * SIZE[1]  # the label stands above the box


def test_totals_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    annotator = _annotator()
    written: list[str] = []
    monkeypatch.setattr(annotate, "draw_text", lambda *args: written.append(args[1]))
    annotator.draw(_blank(), _result(crossings=(_crossing(Direction.IN),)), 1.0)
    annotator.draw(_blank(), _result(crossings=(_crossing(Direction.OUT),)), 2.0)
    written.clear()
    annotator.draw(_blank(), _result(crossings=(_crossing(Direction.IN),), inside=4), 3.0)
    assert written == ["a.mp4", "Gate", "in 2", "out 1", "Yard", "inside 4"]


def test_directions_have_their_names_and_corners_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = ((0.3, 0.8), (0.3, 0.4), (0.9, 0.4))
    line = Line("Porch", points, in_name="entering", out_name="leaving")
    written: list[str] = []
    monkeypatch.setattr(annotate, "draw_text", lambda *args: written.append(args[1]))
    drawn = Annotator([line], [], SIZE, title="a.mp4").draw(_blank(), _result(), 0.0)
    assert written == ["a.mp4", "Porch", "entering 0", "leaving 0"]
    for x, y in ((0.3, 0.6), (0.3, 0.4), (0.7, 0.4)):
        assert drawn[round(y * SIZE[1]), round(x * SIZE[0])].tolist() == list(PAPER)


def test_a_line_glows_when_it_is_crossed_and_fades() -> None:
    annotator = _annotator()
    spot = (round(0.4 * SIZE[1]), round(0.6 * SIZE[0]))
    crossed = annotator.draw(_blank(), _result(crossings=(_crossing(Direction.OUT),)), 1.0)
    assert crossed[spot].tolist() == list(OUT)
    later = annotator.draw(_blank(), _result(), 2.0)
    assert later[spot].tolist() == list(PAPER)


def test_trails_follow_and_are_forgotten() -> None:
    annotator = _annotator()
    for step in range(20):
        x = 0.1 + 0.01 * step
        drawn = annotator.draw(_blank(), _result((x, 0.5, x + 0.1, 0.8)), step / 10)
    below_boxes = drawn[round(0.8 * SIZE[1]), round(0.2 * SIZE[0])]
    assert below_boxes.tolist() == pytest.approx(annotate._of_track(0), abs=40)
    annotator.draw(_blank(), _result(), 10.0)
    assert annotator._trails == {}


@pytest.mark.parametrize("size", [(160, 90), (1920, 1080), (90, 160)])
def test_any_size_and_boxes_beyond_the_edges_can_be_drawn(size: tuple[int, int]) -> None:
    annotator = Annotator([LINE], [ZONE], size, title="a rather long title for a small picture")
    image = np.zeros((size[1], size[0], 3), np.uint8)
    drawn = annotator.draw(image, _result((-0.1, -0.1, 0.1, 0.2), (0.9, 0.8, 1.2, 1.3)), 0.0)
    assert drawn.any()


def test_shapes_alone_say_nothing_of_what_was_counted() -> None:
    # The first frame of the annotator has figures of nought where the shapes have names alone.
    shapes = draw_shapes(_blank(), [LINE], [ZONE], [])
    counted = _annotator().draw(_blank(), _result(), 0.0)
    assert (shapes[round(0.4 * SIZE[1]), round(0.6 * SIZE[0])] != 90).any()
    assert (shapes[: SIZE[1] // 8, : SIZE[0] // 4] == 90).all()
    assert (counted[: SIZE[1] // 8, : SIZE[0] // 4] != 90).any()
