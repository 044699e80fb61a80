"""The real YOLOX-nano on the real recording."""

import asyncio
import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tally.stack.folder import DataFolder
from tally.stack.models import ModelStore
from tally.stack.triton import TritonServer
from tally.worker.agent.detector import Detectors
from tests.conftest import Background

pytestmark = pytest.mark.needs_data

ANNOTATED = np.array([768, 576, 768, 576])
"""Size of the picture in which the people were annotated."""
EVERY = 40
NAME = "yolox-nano"

Boxes = NDArray[np.float64]


@pytest.fixture(scope="module")
def server(
    background: Background, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TritonServer]:
    folder = DataFolder(tmp_path_factory.mktemp("yolox"))
    store = ModelStore(folder)
    background.run(store.add(weights, NAME))
    triton = TritonServer(folder, store)
    background.run(triton.start())
    yield triton
    background.run(triton.stop())


def annotated_people(test_data: Path) -> dict[int, Boxes]:
    """Relative boxes for each annotated frame, from 0."""
    people = defaultdict(list)
    with (test_data / "pets09-s2l1-gt-10.csv").open(newline="") as file:
        for row in csv.reader(file):
            left, top, width, height = map(float, row[2:6])
            people[int(row[0]) - 1].append((left, top, left + width, top + height))
    return {frame: np.array(boxes) / ANNOTATED for frame, boxes in people.items()}


def overlaps(one: Boxes, other: NDArray[np.float32]) -> Boxes:
    """Intersection over union of each pair, (n, m)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    return np.asarray(shared / (areas[0][:, None] + areas[1][None] - shared))


async def test_finds_the_people(server: TritonServer, test_data: Path) -> None:
    truth = annotated_people(test_data)
    frames = sorted(truth)[:: EVERY // 10]
    video = cv2.VideoCapture(str(test_data / "pets09-s2l1.mp4"))
    pictures = {}
    for index in range(frames[-1] + 1):
        _, picture = video.read()
        if index in frames:
            pictures[index] = np.asarray(picture, np.uint8)
    video.release()
    connection = Detectors(server.address)
    detector = await connection.best()
    assert detector.name == NAME
    assert detector.classes[0] == "person"
    sequence = detector.sequence(1)
    answers = await asyncio.gather(*(sequence.detect(pictures[frame]) for frame in frames))
    found, wrong, people = 0, 0, 0
    for frame, answer in zip(frames, answers, strict=True):
        sure = answer.boxes[(answer.classes == 0) & (answer.scores > 0.5)]
        matches = overlaps(truth[frame], sure) >= 0.5
        people += len(matches)
        found += int(matches.any(axis=1).sum())
        wrong += int((~matches.any(axis=0)).sum())
    assert people > 80
    assert found / people >= 0.7
    assert wrong / people <= 0.2
    await connection.close()
