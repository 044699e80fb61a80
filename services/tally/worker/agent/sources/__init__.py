"""Where frames come from: the rendered demo scene, video files and network cameras."""

from tally.worker.agent.sources.base import (
    Frame,
    Image,
    Pace,
    SourceInfo,
    VideoSource,
)
from tally.worker.agent.sources.credentials import Credentials
from tally.worker.agent.sources.errors import SourceError, SourceErrorReason
from tally.worker.agent.sources.opening import SCHEMES, open_source

__all__ = [
    "SCHEMES",
    "Credentials",
    "Frame",
    "Image",
    "Pace",
    "SourceError",
    "SourceErrorReason",
    "SourceInfo",
    "VideoSource",
    "open_source",
]
