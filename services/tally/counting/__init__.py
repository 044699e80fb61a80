"""The counting engine: detections in, crossings and visits out. Pure: no I/O, no clock."""

from tally.counting.calibration import Calibration
from tally.counting.config import EngineConfig, MotionConfig, TrackerConfig, sure_from
from tally.counting.detections import Detections
from tally.counting.engine import CountingEngine
from tally.counting.events import (
    Crossing,
    Direction,
    Evidence,
    FrameResult,
    Heat,
    Tracks,
    Visit,
    VisitKind,
)
from tally.counting.geometry import Anchor, Line, Mask, Pair, Zone
from tally.counting.state import StateRefused
from tally.counting.warm_up import warm_up

__all__ = [
    "Anchor",
    "Calibration",
    "CountingEngine",
    "Crossing",
    "Detections",
    "Direction",
    "EngineConfig",
    "Evidence",
    "FrameResult",
    "Heat",
    "Line",
    "Mask",
    "MotionConfig",
    "Pair",
    "StateRefused",
    "TrackerConfig",
    "Tracks",
    "Visit",
    "VisitKind",
    "Zone",
    "sure_from",
    "warm_up",
]
