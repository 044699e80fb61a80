"""The square of the demo scene with more lines than the demo has: a camera to register, and the same for the engine."""

from tally.api.camera.v1 import camera_pb2, stream_pb2
from tally.api.counting.v1 import geometry_pb2
from tally.counting import Line
from tally.worker.agent.sources.demo.layout import DEMO_LINES, DEMO_ZONES

LINES = (
    *DEMO_LINES,
    Line("left", ((0.3, 0.97), (0.3, 0.27))),
    Line("right", ((0.7, 0.97), (0.7, 0.27))),
)
ZONES = DEMO_ZONES


def square(name: str, uri: str) -> camera_pb2.Camera:
    """A camera that looks at the square."""
    return camera_pb2.Camera(
        name=name,
        stream=stream_pb2.Stream(uri=uri),
        counting=geometry_pb2.CountingConfig(
            lines=[
                geometry_pb2.Line(
                    name=line.name, start=_point(line.points[0]), end=_point(line.points[1])
                )
                for line in LINES
            ],
            zones=[
                geometry_pb2.Zone(name=zone.name, polygon=map(_point, zone.polygon))
                for zone in ZONES
            ],
            detector="motion",
        ),
    )


def _point(place: tuple[float, float]) -> geometry_pb2.Point:
    return geometry_pb2.Point(x=place[0], y=place[1])
