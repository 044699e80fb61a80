"""Small synthetic worlds before a fixed, noisy camera: people who come, stand for a while and go on."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from tally.counting import Detections
from tally.worker.agent.sources import Frame, Image
from tests.unit.worker.agent.scenes import BEGAN

WIDTH, HEIGHT, FPS = 320, 180, 8


@dataclass(frozen=True, slots=True)
class Person:
    """Walks from one side to the other, and stands still once on the way.

    Attributes:
        comes_s: When they come.
        speed: In pixels a second.
        foot: Row of their feet.
        tall: Height in pixels.
        contrast: Grey levels that they differ from the ground by.
        stops_at: Where they stand.
        stands_s: For how long.
    """

    comes_s: float
    speed: float
    foot: int
    tall: int
    contrast: int
    stops_at: float
    stands_s: float

    def left(self, time_s: float) -> float:
        """Where their left side is at a time."""
        walked = (time_s - self.comes_s) * self.speed
        stood = min(max(walked - self.stops_at, 0.0), self.stands_s * self.speed)
        return walked - stood - self.tall


class World:
    """A world for each seed.

    Args:
        seed: The seed.
        people: How many come within the time.
        seconds: The time.
        noise: Standard deviation of a pixel, in grey levels.
    """

    def __init__(self, seed: int, *, people: int, seconds: float, noise: float = 1.0) -> None:
        chance = random.Random(seed)  # noqa: S311 - scenery, not secrets
        self.people: Sequence[Person] = [
            Person(
                comes_s=chance.uniform(0, seconds * 0.5),
                speed=chance.choice((4.0, 15.0, 40.0, 90.0)),
                foot=chance.randrange(60, 175),
                tall=chance.choice((8, 16, 40)),
                contrast=chance.choice((-30, 30, 60)),
                stops_at=chance.uniform(40, 300),
                stands_s=chance.choice((0.0, 3.0, 15.0)),
            )
            for _ in range(people)
        ]
        self._frames = int(seconds * FPS)
        self._random = np.random.default_rng(seed)
        texture = self._random.uniform(80, 160, (HEIGHT // 4, WIDTH // 4))
        self._ground = np.kron(texture, np.ones((4, 4)))
        self._noises = self._random.normal(0, noise, (8, HEIGHT, WIDTH))

    def frames(self) -> Iterator[Frame]:
        """What the camera shows."""
        for index in range(self._frames):
            time_s = index / FPS
            image = self._image(time_s)
            yield Frame(index, time_s, BEGAN + timedelta(seconds=time_s), image)

    def detections(self, frame: Frame) -> Detections:
        """What a good detector sees: boxes that tremble."""
        tremble = np.random.default_rng(frame.index)
        boxes = []
        for person in self.people:
            left = person.left(frame.time_s)
            box = np.array((left, person.foot - person.tall, left + person.tall / 2.5, person.foot))
            if -person.tall / 5 < left < WIDTH - person.tall / 5:
                boxes.append(box + tremble.normal(0, 0.02 * person.tall, 4))
        found = np.array(boxes).reshape(-1, 4) / (WIDTH, HEIGHT, WIDTH, HEIGHT)
        return Detections(
            found.astype(np.float32),
            np.full(len(found), 0.9, np.float32),
            np.zeros(len(found), np.int32),
        )

    def _image(self, time_s: float) -> Image:
        grey = self._ground + self._noises[self._random.integers(len(self._noises))]
        columns = np.arange(WIDTH)
        for person in self.people:
            left = person.left(time_s)
            # Parts of pixels, so that slow walkers move in every frame, as before a real camera.
            cover = np.clip(columns - left + 1, 0, 1) * np.clip(
                left + person.tall / 2.5 - columns, 0, 1
            )
            grey[person.foot - person.tall : person.foot] += person.contrast * cover
        image = np.clip(grey, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.broadcast_to(image[:, :, None], (HEIGHT, WIDTH, 3)))
