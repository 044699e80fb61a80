"""Takes a small picture of each crossing, out of what was seen just before it was settled."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from tally.api.counting.v1 import count_pb2
from tally.counting import Crossing
from tally.worker.agent.detector import Detector
from tally.worker.agent.jpeg import fitted
from tally.worker.agent.pipeline import CountedFrame
from tally.worker.agent.privacy import Privacy
from tally.worker.agent.sources import Image
from tally.worker.agent.task import CameraTask

LONGEST_SIDE = 320
"""Of a picture, in pixels."""
MARGIN = 0.4
"""How much of the surroundings is seen on each side, as a share of the object's longer side."""
EVERY_S = 0.2
"""How often an object near a line is looked at: whoever walks gets 15 cm further between the nearest two looks."""
REACH_S = 1.0
"""How far from the crossing a look may be."""
MEMORY_S = 70.0
"""How long looks are kept: a crossing settles after its line's U-turn window, which is a minute at most."""
MEMORY_BYTES = 16 * 2**20
"""How much a camera's looks may hold; the oldest go first."""


@dataclass(frozen=True, slots=True)
class CrossingPicture:
    """A crossing's picture, with everybody still recognisable in it.

    Attributes:
        camera_id: The camera.
        crossing_id: The crossing.
        object_class: What crossed.
        image: (height, width, 3) BGR.
        box: float32 (4,): where in the image the object is: left, top, right, bottom, relative to its size.
        others: float32 (n, 4): where else something was tracked or detected; may lie outside.
        part: Which part of the frame the image is: left, top, right, bottom, relative to the frame.
        privacy: What is not to be seen in it.
        detector: Who saw it.
        expire_time: Until when the picture is kept.
    """

    camera_id: str
    crossing_id: str
    object_class: str
    image: Image
    box: NDArray[np.float32]
    others: NDArray[np.float32]
    part: tuple[float, float, float, float]
    privacy: Privacy
    detector: Detector
    expire_time: datetime


Send = Callable[[CrossingPicture], None]
"""Takes a picture along, without waiting; it may come to nothing."""


@dataclass(frozen=True, slots=True)
class _Look:
    track: int
    time_s: float
    image: Image
    box: NDArray[np.float32]
    others: NDArray[np.float32]
    part: tuple[float, float, float, float]


class CrossingPictures:
    """Remembers how objects near a camera's lines looked, for a while, and sends those that crossed.

    Which picture a crossing gets depends on the frames alone.

    Args:
        task: The camera.
        frame_size: Width and height of its frames in pixels.
        detector: Who sees the objects.
        send: Where pictures go.

    Attributes:
        held_bytes: How much memory its looks take.
    """

    def __init__(
        self, task: CameraTask, frame_size: tuple[int, int], detector: Detector, send: Send
    ) -> None:
        self._camera_id = task.camera_id
        self._retention = task.picture_retention
        self._privacy = task.privacy
        self._detector = detector
        self._send = send
        self._scale = np.array(frame_size * 2, np.float32)
        width, height = frame_size
        self._segments = [
            ((round(x1 * width), round(y1 * height)), (round(x2 * width), round(y2 * height)))
            for line in task.lines
            for (x1, y1), (x2, y2) in pairwise(line.points)
        ]
        self._looks: dict[tuple[int, int], _Look] = {}
        self.held_bytes = 0

    def look(self, counted: CountedFrame, privacy: Privacy) -> None:
        """Remember what is near a line in this frame; pictures that are sent from now on keep to `privacy`."""
        self._privacy = privacy
        if not self._retention:
            return
        time_s, tracks = counted.frame.time_s, counted.result.tracks
        slot = int(time_s / EVERY_S)
        for index, track in enumerate(tracks.ids.tolist()):
            key = track, slot
            if key not in self._looks and self._is_near_a_line(tracks.boxes[index] * self._scale):
                others = (np.delete(tracks.boxes, index, axis=0), counted.detections.boxes)
                image, area = _around(counted.frame.image, tracks.boxes[index] * self._scale)
                self._looks[key] = _Look(
                    track,
                    time_s,
                    image,
                    _inside(tracks.boxes[index] * self._scale, area),
                    _inside(np.concatenate(others) * self._scale, area),
                    tuple((area / self._scale).tolist()),
                )
                self.held_bytes += image.nbytes
        self._forget(time_s - MEMORY_S)

    def take(self, crossing: Crossing, message: count_pb2.Crossing) -> None:
        """Send the picture nearest to a crossing, if there is one, and note it in the crossing's message."""
        look = min(
            (look for look in self._looks.values() if look.track == crossing.track),
            key=lambda look: abs(look.time_s - crossing.time_s),
            default=None,
        )
        if look is None or abs(look.time_s - crossing.time_s) > REACH_S:
            return
        expire_time = message.time.ToDatetime(UTC) + self._retention
        message.picture_expire_time.FromDatetime(expire_time)
        self._send(
            CrossingPicture(
                self._camera_id,
                message.id,
                message.object_class,
                look.image,
                look.box,
                look.others,
                look.part,
                self._privacy,
                self._detector,
                expire_time,
            )
        )

    def _is_near_a_line(self, box: NDArray[np.float32]) -> bool:
        """Whether a line passes through the box, in pixels, or within its size of it: fast objects jump."""
        left, top, right, bottom = (int(side) for side in box.tolist())
        width, height = right - left + 1, bottom - top + 1
        surroundings = (left - width, top - height, 3 * width, 3 * height)
        return any(cv2.clipLine(surroundings, *segment)[0] for segment in self._segments)

    def _forget(self, before_s: float) -> None:
        for key, look in list(self._looks.items()):
            if look.time_s >= before_s and self.held_bytes <= MEMORY_BYTES:
                break
            del self._looks[key]
            self.held_bytes -= look.image.nbytes


def _around(image: Image, box: NDArray[np.float32]) -> tuple[Image, NDArray[np.float32]]:
    """The part of a frame around a box, in pixels, no larger than pictures are; and which part that is."""
    margin = float(max(box[2] - box[0], box[3] - box[1])) * MARGIN
    height, width = image.shape[:2]
    left = int(np.clip(box[0] - margin, 0, width - 1))
    top = int(np.clip(box[1] - margin, 0, height - 1))
    right = int(np.clip(box[2] + margin, left + 1, width))
    bottom = int(np.clip(box[3] + margin, top + 1, height))
    part = image[top:bottom, left:right]
    narrow = min(1.0, (right - left) / (bottom - top))
    # A copy: the frame's memory is the next frame's soon.
    small = fitted(part, max(1, round(LONGEST_SIDE * narrow))).copy()
    return small, np.array([left, top, right, bottom], np.float32)


def _inside(boxes: NDArray[np.float32], area: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes in a frame's pixels, relative to an area of it."""
    origin, size = area[:2], area[2:] - area[:2]
    return ((boxes - np.tile(origin, 2)) / np.tile(size, 2)).astype(np.float32)
