"""What an assignment says is what the engine counts."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tally.api.camera.v1 import stream_pb2
from tally.api.counting.v1 import geometry_pb2, schedule_pb2
from tally.api.worker.v1 import worker_pb2
from tally.counting import Anchor, Calibration, Line, Mask, Pair
from tally.worker.agent.health import Condition
from tally.worker.agent.mapping import status_to_proto, task_from_proto
from tally.worker.agent.privacy import NOTHING_HIDDEN, Privacy
from tally.worker.agent.schedule import Schedule, Span
from tally.worker.agent.status import Figures, StreamState, StreamStatus
from tests.unit.worker.agent.scenes import BEGAN

A, B, C = (geometry_pb2.Point(x=x, y=y) for x, y in ((0.1, 0.5), (0.5, 0.2), (0.9, 0.5)))


def test_lines_have_two_ends_or_points() -> None:
    porch = geometry_pb2.Line(
        name="porch",
        points=[A, B, C],
        anchor=geometry_pb2.ANCHOR_HEAD,
        in_name="entering",
        out_name="leaving",
    )
    porch.u_turn_window.FromTimedelta(timedelta(seconds=2.5))
    porch.pair.line, porch.pair.distance_m = "door", 4.5
    assignment = worker_pb2.Assignment(
        counting=geometry_pb2.CountingConfig(
            lines=[geometry_pb2.Line(name="door", start=A, end=C), porch]
        )
    )

    assert task_from_proto(assignment).lines == (
        Line("door", ((0.1, 0.5), (0.9, 0.5)), Anchor.FOOT, "in", "out", 0.0),
        Line(
            "porch",
            ((0.1, 0.5), (0.5, 0.2), (0.9, 0.5)),
            Anchor.HEAD,
            "entering",
            "leaving",
            2.5,
            Pair("door", 4.5),
        ),
    )


def test_masks_are_at_feet_unless_they_say_otherwise() -> None:
    masks = [
        geometry_pb2.Mask(polygon=[A, B, C]),
        geometry_pb2.Mask(polygon=[A, B, C], anchor=geometry_pb2.ANCHOR_CENTRE),
    ]
    assignment = worker_pb2.Assignment(counting=geometry_pb2.CountingConfig(masks=masks))

    corners = ((0.1, 0.5), (0.5, 0.2), (0.9, 0.5))
    assert task_from_proto(assignment).masks == (
        Mask(corners, Anchor.FOOT),
        Mask(corners, Anchor.CENTRE),
    )


def test_what_is_not_to_be_seen_reaches_the_worker() -> None:
    privacy = geometry_pb2.Privacy(
        hide_people=geometry_pb2.HIDE_PEOPLE_ALWAYS,
        areas=[geometry_pb2.PrivacyArea(polygon=[A, B, C])],
    )
    assignment = worker_pb2.Assignment(counting=geometry_pb2.CountingConfig(privacy=privacy))

    area = ((0.1, 0.5), (0.5, 0.2), (0.9, 0.5))
    assert task_from_proto(assignment).privacy == Privacy(True, (area,))
    assert task_from_proto(worker_pb2.Assignment()).privacy == NOTHING_HIDDEN


def test_a_floor_is_known_where_it_was_measured() -> None:
    picture = ((0.3, 0.2), (0.7, 0.2), (0.9, 0.9), (0.1, 0.9))
    floor = ((-2.0, 9.0), (2.0, 9.0), (2.0, 4.5), (-2.0, 4.5))
    places = [
        geometry_pb2.FloorPlace(picture=geometry_pb2.Point(x=x, y=y), x_m=x_m, y_m=y_m)
        for (x, y), (x_m, y_m) in zip(picture, floor, strict=True)
    ]
    measured = worker_pb2.Assignment(counting=geometry_pb2.CountingConfig(calibration=places))

    assert task_from_proto(measured).calibration == Calibration(picture, floor)
    assert task_from_proto(worker_pb2.Assignment()).calibration is None


def test_all_that_a_stream_can_be_has_its_name_in_the_contract() -> None:
    figures = Figures("motion", 1920, 1080, 25.0)
    figures.conditions = dict.fromkeys(Condition, BEGAN)
    told = [
        status_to_proto(StreamStatus(state, "why", BEGAN, 2, figures), BEGAN)
        for state in StreamState
    ]
    assert {one.state for one in told} == set(stream_pb2.StreamState.values()) - {0}
    assert (told[0].width, told[0].height, told[0].nominal_frames_per_second) == (1920, 1080, 25.0)
    assert (told[0].reconnects, told[0].start_time.ToDatetime()) == (2, BEGAN.replace(tzinfo=None))
    kinds = {condition.kind for condition in told[0].conditions}
    assert kinds == set(stream_pb2.StreamCondition.Kind.values()) - {0}


def test_hours_are_minutes_of_the_clocks_on_the_spot() -> None:
    hours = [schedule_pb2.CountingHours(day=7, begins="09:30", ends="24:00")]
    schedule = schedule_pb2.Schedule(time_zone="Asia/Ho_Chi_Minh", hours=hours)
    counting = geometry_pb2.CountingConfig(schedule=schedule)

    task = task_from_proto(worker_pb2.Assignment(counting=counting))
    assert task.schedule == Schedule(ZoneInfo("Asia/Ho_Chi_Minh"), (Span(7, 570, 1440),))
    assert task_from_proto(worker_pb2.Assignment()).schedule is None
    schedule.time_zone = "Mars/Olympus"
    with pytest.raises(ValueError, match="knows no time zone 'Mars/Olympus'"):
        task_from_proto(
            worker_pb2.Assignment(counting=geometry_pb2.CountingConfig(schedule=schedule))
        )


def test_how_often_and_how_surely_a_camera_looks_is_its_configurations() -> None:
    counting = geometry_pb2.CountingConfig(max_frames_per_second=12.5, min_score=0.25)
    task = task_from_proto(worker_pb2.Assignment(counting=counting))
    assert (task.max_fps, task.min_score) == (12.5, 0.25)
