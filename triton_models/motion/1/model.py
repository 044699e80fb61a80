"""Triton model: moving objects by background subtraction, one background for each camera."""

from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

from triton_models.vision.motion import MotionDetector

LIMIT = 256
"""Backgrounds kept at most, as many as Triton lets sequences in (config.pbtxt). The one unused for longest goes first:
the end of its sequence got lost."""


class TritonPythonModel:
    """Answers each request with what moves in its frame, given the frames before it."""

    def initialize(self, args: dict[str, str]) -> None:
        """Start without any background."""
        self._cameras: dict[int, MotionDetector] = {}

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response for each request, in order."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        camera = int(_control(request, "CAMERA"))
        detector = self._cameras.pop(camera, None)
        if detector is None or _control(request, "START"):
            detector = MotionDetector()
        frame = pb_utils.get_input_tensor_by_name(request, "frame").as_numpy()[0]
        boxes, scores = detector.detect(frame)
        if not _control(request, "END"):
            self._cameras[camera] = detector
            if len(self._cameras) > LIMIT:
                del self._cameras[next(iter(self._cameras))]
        return pb_utils.InferenceResponse(
            [
                pb_utils.Tensor("boxes", boxes[None]),
                pb_utils.Tensor("scores", scores[None]),
                pb_utils.Tensor("classes", np.zeros((1, len(boxes)), np.int32)),
            ]
        )


def _control(request: Any, name: str) -> Any:
    return pb_utils.get_input_tensor_by_name(request, name).as_numpy().reshape(-1)[0]
