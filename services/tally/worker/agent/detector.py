"""Asks Triton what is in a frame."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import grpc
import numpy as np
import tritonclient.grpc.aio as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from tally.api.camera.v1.ai_model_pb2 import InstalledModel, ModelLatency
from tally.counting import Detections
from tally.kernel.errors import NotFound, Unavailable
from tally.kernel.resilience import CircuitBreaker

Image = NDArray[np.uint8]

TIMEOUT_S = 10.0
"""A detector that has not answered a frame by then never will; large networks on small machines take seconds."""
BREAKER_PAUSE_S = 5.0
"""Nothing is counted while the breaker is open, so it tries again soon."""
_FRAMES_PER_INSTANCE = 2
"""One is on its way while the other is looked at; more would only wait, and grow old."""
_LATENCIES = 500
"""Of how many frames it is known how long they took."""
_CHANNEL = [
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]


class DetectorUnavailable(Unavailable):
    """The inference server does not answer; it may again later."""

    reason = "DETECTOR_UNAVAILABLE"


class DetectorSequence(Protocol):
    """One camera's frames, shown to a detector in their order."""

    async def detect(self, frame: Image) -> Detections:
        """What is in the next frame, (h, w, 3) BGR.

        Raises:
            DetectorUnavailable: The detector does not answer. A detector that remembers earlier frames has
                then forgotten them: begin a new sequence.
        """

    async def close(self) -> None:
        """Let the detector forget the camera."""


class Detector(Protocol):
    """Finds objects in frames."""

    @property
    def name(self) -> str:
        """What cameras call it, such as `motion`."""

    @property
    def classes(self) -> Sequence[str]:
        """What it tells apart; detections carry an index into this."""

    @property
    def stateful(self) -> bool:
        """Whether it remembers earlier frames, so that frames must come one at a time."""

    @property
    def turns(self) -> asyncio.Semaphore:
        """As many as the frames that it can be given at once.

        Who waits longest is next, so when cameras want more than the detector can do, all get equally many.
        """

    def sequence(self, number: int) -> DetectorSequence:
        """Begin with one camera's frames; `number` (1 to 2⁶³ − 1) must differ between cameras."""


@dataclass(frozen=True, slots=True)
class TritonDetector:
    """A model of a Triton server with Tally's input and output (see `triton_models/README.md`)."""

    name: str
    classes: Sequence[str]
    stateful: bool
    side: int
    weights_bytes: int
    turns: asyncio.Semaphore
    latencies_s: deque[float]
    client: triton.InferenceServerClient
    breaker: CircuitBreaker

    def sequence(self, number: int) -> "TritonSequence":
        """Begin with one camera's frames."""
        return TritonSequence(self, number)


class TritonSequence:
    """One camera's frames on their way to one model."""

    def __init__(self, detector: TritonDetector, number: int) -> None:
        self._detector = detector
        self._number = number
        self._started = False
        # The order of a stateful model's frames is the order of their arrival at the server.
        self._turn = asyncio.Semaphore(1 if detector.stateful else 64)

    async def detect(self, frame: Image) -> Detections:
        """What is in the next frame."""
        async with self._turn:
            began = time.perf_counter()
            result = await self._infer(_reduced(frame, self._detector.side), end=False)
            self._detector.latencies_s.append(time.perf_counter() - began)
            self._started = True
        return Detections(
            boxes=result.as_numpy("boxes")[0],
            scores=result.as_numpy("scores")[0],
            classes=result.as_numpy("classes")[0],
        )

    async def close(self) -> None:
        """End the sequence at the server. A server that is gone has forgotten it anyway."""
        if self._detector.stateful and self._started:
            with suppress(DetectorUnavailable):
                await self._infer(np.zeros((8, 8, 3), np.uint8), end=True)
            self._started = False

    async def _infer(self, image: Image, *, end: bool) -> Any:
        tensor = triton.InferInput("frame", [1, *image.shape], "UINT8")
        tensor.set_data_from_numpy(image[None])
        state = (
            {
                "sequence_id": self._number,
                "sequence_start": not self._started,
                "sequence_end": end,
            }
            if self._detector.stateful
            else {}
        )
        try:
            async with self._detector.breaker.guard():
                return await self._detector.client.infer(
                    self._detector.name, [tensor], client_timeout=TIMEOUT_S, **state
                )
        except (InferenceServerException, grpc.aio.AioRpcError, Unavailable) as error:
            raise DetectorUnavailable(
                f"the detector {self._detector.name} does not answer: {error}"
            ) from error


class Detectors:
    """The models of one Triton server, over one connection for the whole process.

    Args:
        address: `host:port` of Triton's gRPC service.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = triton.InferenceServerClient(address, channel_args=_CHANNEL)
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._latencies_s: dict[str, deque[float]] = {}
        self._breaker = CircuitBreaker("Triton", pause_s=BREAKER_PAUSE_S)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def ready(self) -> bool:
        """Whether the server and all its models answer."""
        try:
            return bool(await self._client.is_server_ready(client_timeout=TIMEOUT_S))
        except InferenceServerException:
            return False

    async def names(self) -> list[str]:
        """Models that can be used.

        Raises:
            DetectorUnavailable: The server does not answer.
        """
        index = await self._ask(self._client.get_model_repository_index(client_timeout=TIMEOUT_S))
        return sorted(model.name for model in index.models if model.state == "READY")

    async def get(self, name: str) -> TritonDetector:
        """The model `name`.

        Raises:
            NotFound: The server has no such model.
            DetectorUnavailable: The server does not answer.
        """
        installed = await self.names()
        if name not in installed:
            raise NotFound(
                f"there is no detector {name!r}; installed are {', '.join(installed)}, "
                "and `tally models add` installs others",
                reason="DETECTOR_NOT_FOUND",
            )
        answer = await self._ask(self._client.get_model_config(name, client_timeout=TIMEOUT_S))
        parameters = {key: value.string_value for key, value in answer.config.parameters.items()}
        return TritonDetector(
            name,
            tuple(parameters["classes"].split(",")),
            answer.config.HasField("sequence_batching"),
            int(parameters["side"]),
            int(parameters["weights_bytes"]),
            self._turns.setdefault(name, asyncio.Semaphore(_frames_at_once(answer.config))),
            self._latencies_s.setdefault(name, deque(maxlen=_LATENCIES)),
            self._client,
            self._breaker,
        )

    async def best(self) -> TritonDetector:
        """The detector to use where a camera names none: the largest network, or `motion` if none is installed.

        Raises:
            DetectorUnavailable: The server does not answer.
        """
        detectors = [await self.get(name) for name in await self.names()]
        return max(detectors, key=lambda detector: detector.weights_bytes)

    async def inventory(self) -> list[InstalledModel]:
        """The models that can be used, as the contract has them.

        Raises:
            DetectorUnavailable: The server does not answer.
        """
        index = await self._ask(self._client.get_model_repository_index(client_timeout=TIMEOUT_S))
        return [
            await self._described(model.name, model.version)
            for model in sorted(index.models, key=lambda model: model.name)
            if model.state == "READY"
        ]

    async def _described(self, name: str, version: str) -> InstalledModel:
        answer = await self._ask(self._client.get_model_config(name, client_timeout=TIMEOUT_S))
        parameters = {key: value.string_value for key, value in answer.config.parameters.items()}
        model = InstalledModel(
            name=name,
            version=version,
            classes=parameters["classes"].split(","),
            side=int(parameters["side"]),
            weights_bytes=int(parameters["weights_bytes"]),
            weights_sha256=parameters.get("weights_sha256", ""),
            licence=parameters.get("licence", ""),
        )
        if taken := self._latencies_s.get(name):
            p50, p99 = np.percentile(list(taken), (50, 99)) * 1000
            at_once = _frames_at_once(answer.config)
            model.latency.CopyFrom(
                ModelLatency(p50_ms=p50, p99_ms=p99, frames=len(taken), frames_at_once=at_once)
            )
        return model

    async def _ask(self, call: Any) -> Any:
        try:
            return await call
        except (InferenceServerException, grpc.aio.AioRpcError) as error:
            raise DetectorUnavailable(
                f"the inference server at {self._address} does not answer: {error}"
            ) from error


def _frames_at_once(config: Any) -> int:
    """How many frames a model is given at once."""
    instances: int = sum(group.count for group in config.instance_group)
    return _FRAMES_PER_INSTANCE * instances


def _reduced(frame: Image, side: int) -> Image:
    """The frame, no longer on its longest side than the model can use; fewer bytes to send."""
    height, width = frame.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(frame)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    method = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame, size, interpolation=method), np.uint8)
