"""What an assignment says is what the engine counts."""

from datetime import timedelta

from tally.api.counting.v1 import geometry_pb2
from tally.api.worker.v1 import worker_pb2
from tally.counting import Anchor, Line, Mask, Pair
from tally.worker.agent.mapping import task_from_proto

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
