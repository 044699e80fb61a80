"""Detectors as workers use them, on a real Triton."""

import asyncio
import os
import signal
from collections.abc import Sequence
from itertools import islice

import numpy as np
import psutil
import pytest

from tally.counting import Detections
from tally.kernel.errors import NotFound
from tally.stack.folder import free_port
from tally.stack.triton import TritonServer
from tally.worker.agent.detector import Detectors, DetectorUnavailable, TritonDetector
from tests.clips import SIZE, Frame, walk, walker_box
from tests.networks import SIDE
from triton_models.vision.motion import MotionDetector


def coloured(blue: int, green: int, size: tuple[int, int] = (SIDE, SIDE)) -> Frame:
    return np.full((*size, 3), (blue, green, 0), np.uint8)


def expected_scores(clip: Sequence[Frame]) -> list[list[float]]:
    detector = MotionDetector()
    return [detector.detect(frame)[1].tolist() for frame in clip]


async def watch(detector: TritonDetector, number: int, clip: Sequence[Frame]) -> list[list[float]]:
    sequence = detector.sequence(number)
    scores = [(await sequence.detect(frame)).scores.tolist() for frame in clip]
    await sequence.close()
    return scores


async def until_restarted(server: TritonServer, restarts: int, connection: Detectors) -> None:
    async with asyncio.timeout(30):
        while server.process.restarts == restarts or server.process.state != "serving":
            await asyncio.sleep(0.05)
        while not await connection.ready():
            await asyncio.sleep(0.05)


class TestMotion:
    CLIP = tuple(frame for frame, _ in walk())

    async def test_boxes_a_walker(self, detectors: Detectors) -> None:
        detector = await detectors.get("motion")
        assert detector.stateful
        assert detector.classes == ("object",)
        sequence = detector.sequence(1)
        for frame, left in walk():
            found = await sequence.detect(frame)
            if left is not None:
                height, width = SIZE
                np.testing.assert_allclose(
                    found.boxes * [width, height, width, height], [walker_box(left)], atol=4
                )
                assert found.classes.tolist() == [0]
        await sequence.close()

    async def test_cameras_do_not_see_each_other(self, detectors: Detectors) -> None:
        detector = await detectors.get("motion")
        clips = [[frame for frame, _ in walk(seed=seed)] for seed in range(1, 5)]
        answers = await asyncio.gather(
            *(watch(detector, 10 + number, clip) for number, clip in enumerate(clips))
        )
        assert answers == [expected_scores(clip) for clip in clips]

    async def test_a_new_sequence_starts_over(self, detectors: Detectors) -> None:
        detector = await detectors.get("motion")
        first = await watch(detector, 20, self.CLIP)
        assert any(first)
        assert await watch(detector, 20, self.CLIP) == first

    async def test_starts_over_after_a_worker_that_did_not_say_goodbye(
        self, detectors: Detectors
    ) -> None:
        detector = await detectors.get("motion")
        abandoned = detector.sequence(21)
        for frame in self.CLIP[:20]:
            await abandoned.detect(frame)
        assert await watch(detector, 21, self.CLIP) == expected_scores(self.CLIP)

    async def test_many_cameras_at_once(self, detectors: Detectors) -> None:
        detector = await detectors.get("motion")
        clip = self.CLIP[:3]
        sequences = [detector.sequence(number) for number in range(100, 180)]
        for frame in clip:
            await asyncio.gather(*(sequence.detect(frame) for sequence in sequences))
        await asyncio.gather(*(sequence.close() for sequence in sequences))

    async def test_memory_stays_as_cameras_come_and_go(
        self, detectors: Detectors, triton: TritonServer
    ) -> None:
        detector = await detectors.get("motion")

        async def come_and_go(numbers: range) -> int:
            await asyncio.gather(*(watch(detector, number, self.CLIP[:2]) for number in numbers))
            used = triton.process.memory_bytes()
            assert used is not None
            return used

        before = await come_and_go(range(200, 230))
        for first in range(300, 600, 30):
            after = await come_and_go(range(first, first + 30))
        # A background of this size takes some 10 MB.
        assert after - before < 30 * 2**20

    async def test_scales_large_frames_down_before_they_are_sent(
        self, detectors: Detectors
    ) -> None:
        detector = await detectors.get("motion")
        sequence = detector.sequence(30)
        for frame, left in walk():
            large = frame.repeat(4, axis=0).repeat(4, axis=1)
            found = await sequence.detect(large)
            if left is not None:
                height, width = SIZE
                np.testing.assert_allclose(
                    found.boxes * [width, height, width, height], [walker_box(left)], atol=4
                )
        await sequence.close()


@pytest.mark.parametrize("name", ["tiny", "tiny-single"])
class TestNetworks:
    async def test_each_answer_belongs_to_its_frame(self, detectors: Detectors, name: str) -> None:
        detector = await detectors.get(name)
        assert not detector.stateful
        sequence = detector.sequence(1)
        asked = [(blue, (blue * 7) % 256) for blue in range(60, 256)]
        answers = await asyncio.gather(*(sequence.detect(coloured(*each)) for each in asked))
        for (blue, green), answer in zip(asked, answers, strict=True):
            self.check(answer, blue, green)
        await sequence.close()

    async def test_frames_of_different_sizes_at_once(self, detectors: Detectors, name: str) -> None:
        detector = await detectors.get(name)
        sequence = detector.sequence(1)
        asked = [(blue, blue // 2, 10 + blue % 90) for blue in range(100, 200)]
        answers = await asyncio.gather(
            *(sequence.detect(coloured(blue, green, (side, side))) for blue, green, side in asked)
        )
        for (blue, green, _), answer in zip(asked, answers, strict=True):
            self.check(answer, blue, green)

    async def test_an_empty_answer(self, detectors: Detectors, name: str) -> None:
        answer = await (await detectors.get(name)).sequence(1).detect(coloured(0, 0))
        assert answer.boxes.shape == (0, 4)
        assert answer.scores.shape == (0,)
        assert answer.classes.shape == (0,)

    @staticmethod
    def check(answer: Detections, blue: int, green: int) -> None:
        np.testing.assert_allclose(answer.scores, [blue / 255], atol=1e-4)
        left = green / 255 * (SIDE - 8) / SIDE
        np.testing.assert_allclose(answer.boxes, [[left, 0, left + 8 / SIDE, 8 / SIDE]], atol=1e-4)
        assert answer.classes.tolist() == [0]


async def test_names_what_is_installed(detectors: Detectors) -> None:
    assert await detectors.names() == ["motion", "tiny", "tiny-single"]
    assert await detectors.ready()
    with pytest.raises(NotFound, match="installed are motion, tiny, tiny-single") as caught:
        await detectors.get("yolox-x")
    assert caught.value.reason == "DETECTOR_NOT_FOUND"


async def test_tells_what_its_models_are_and_how_long_they_take(triton: TritonServer) -> None:
    connection = Detectors(triton.address)
    before = {model.name: model for model in await connection.inventory()}
    assert list(before) == ["motion", "tiny", "tiny-single"]
    assert list(before["motion"].classes) == ["object"]
    assert len(before["tiny"].weights_sha256) == 64
    assert not before["motion"].HasField("latency")
    await watch(await connection.get("motion"), 7, [frame for frame, _ in islice(walk(), 10)])
    latency = {model.name: model for model in await connection.inventory()}["motion"].latency
    assert latency.frames == 10
    assert 0 < latency.p50_ms <= latency.p99_ms
    await connection.close()


async def test_prefers_the_largest_network(detectors: Detectors) -> None:
    assert (await detectors.best()).name == "tiny"


async def test_works_again_after_the_server_was_away(triton: TritonServer) -> None:
    connection = Detectors(triton.address)
    clip = [frame for frame, _ in islice(walk(), 10)]
    detector = await connection.get("motion")
    lost = detector.sequence(40)
    await lost.detect(clip[0])
    restarts, pid = triton.process.restarts, triton.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(DetectorUnavailable, match="motion does not answer"):
        await watch(detector, 42, clip * 100)
    await lost.close()
    await until_restarted(triton, restarts, connection)
    assert await watch(detector, 41, clip) == expected_scores(clip)
    await connection.close()


@pytest.mark.parametrize("name", ["motion", "tiny"])
async def test_works_again_after_a_model_died(triton: TritonServer, name: str) -> None:
    connection = Detectors(triton.address)
    restarts = triton.process.restarts
    stub = next(
        process
        for process in psutil.Process(triton.process.pid).children()
        if any(part.endswith(f"/{name}/1/model.py") for part in process.cmdline())
    )
    stub.kill()
    await until_restarted(triton, restarts, connection)
    await watch(await connection.get(name), 50, TestMotion.CLIP[:10])
    await connection.close()


async def test_nobody_there() -> None:
    connection = Detectors(f"127.0.0.1:{free_port()}")
    assert not await connection.ready()
    with pytest.raises(DetectorUnavailable, match="does not answer"):
        await connection.get("motion")
    await connection.close()
