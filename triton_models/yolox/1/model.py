"""Triton model: YOLOX on ONNX Runtime."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb_utils

from triton_models.vision.yolox import YoloxHead


class TritonPythonModel:
    """Answers each request with the boxes in its frame."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the weights that lie beside this file's place in the repository."""
        weights = Path(args["model_repository"]) / args["model_version"] / "model.onnx"
        options = ort.SessionOptions()
        # One thread for each instance and an instance for each core: several frames at once use the cores
        # better than several threads on one small network.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(str(weights), options, ["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0]
        batch, _, height, width = self._input.shape
        self._any_batch = not isinstance(batch, int)
        self._head = YoloxHead(height, width)

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response for each request, in order."""
        frames = [
            pb_utils.get_input_tensor_by_name(each, "frame").as_numpy()[0] for each in requests
        ]
        prepared = [self._head.prepare(frame) for frame in frames]
        outputs = self._infer([blob for blob, _ in prepared])
        return [
            self._respond(output, frame, scale)
            for output, frame, (_, scale) in zip(outputs, frames, prepared, strict=True)
        ]

    def _infer(self, blobs: list[Any]) -> list[Any]:
        name = self._input.name
        if self._any_batch:
            return list(self._session.run(None, {name: np.concatenate(blobs)})[0])
        return [self._session.run(None, {name: blob})[0][0] for blob in blobs]

    def _respond(self, output: Any, frame: Any, scale: float) -> Any:
        height, width = frame.shape[:2]
        boxes, scores, classes = self._head.decode(output, (width, height), scale)
        return pb_utils.InferenceResponse(
            [
                pb_utils.Tensor("boxes", boxes[None]),
                pb_utils.Tensor("scores", scores[None]),
                pb_utils.Tensor("classes", classes[None]),
            ]
        )
