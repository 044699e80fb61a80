"""Tell whether an ONNX file is a YOLOX export: JSON about it on standard output, or a reason and status 1.

Run in Triton's environment: `python -m triton_models.inspect_model FILE`.
"""

import json
import sys

import numpy as np
import onnxruntime as ort

from triton_models.vision.coco import class_names
from triton_models.vision.yolox import YoloxHead

CHANNELS = 3
BOX_COLUMNS = 5
FARTHEST_OFFSET = 8.0
"""Mean distance in cells beyond which centres are not offsets from their cells: those are about one."""


def inspect(file: str) -> dict[str, object]:
    """Width, height and classes of the network.

    Raises:
        ValueError: Inputs or outputs are not YOLOX's.
    """
    ort.set_default_logger_severity(4)
    try:
        session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common base of their own
        raise ValueError("it is not an ONNX network that ONNX Runtime can load") from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(
            f"it has {len(inputs)} inputs and {len(outputs)} outputs, YOLOX has one of each"
        )
    shape = inputs[0].shape
    if len(shape) != 4 or shape[1] != CHANNELS or inputs[0].type != "tensor(float)":
        raise ValueError(
            f"its input is {inputs[0].type} {shape}, YOLOX takes float [n, 3, height, width]"
        )
    batch, _, height, width = shape
    if isinstance(batch, int) and batch != 1:
        raise ValueError(f"it takes {batch} pictures at once; export it for one or for any number")
    if not (isinstance(height, int) and isinstance(width, int)):
        raise ValueError(  # noqa: TRY004 - the file's content is wrong, not a caller's type
            "its input size is not fixed; export it with a fixed height and width"
        )
    blank = np.full((1, CHANNELS, height, width), 114, np.float32)
    output = _run(session, blank)
    rows = YoloxHead(height, width).rows
    if output.ndim != 3 or output.shape[1] != rows or output.shape[2] <= BOX_COLUMNS:
        raise ValueError(
            f"its output is {list(output.shape)}, YOLOX at {width}×{height} gives [1, {rows}, 5 + classes]"
        )
    scores = output[..., BOX_COLUMNS - 1 :]
    if scores.min() < 0 or scores.max() > 1:
        raise ValueError("its scores are not between 0 and 1; export it with the sigmoid inside")
    if np.abs(output[..., :2]).mean() > FARTHEST_OFFSET:
        raise ValueError("its boxes are decoded; export it without --decode_in_inference")
    return {
        "width": width,
        "height": height,
        "classes": class_names(output.shape[2] - BOX_COLUMNS),
    }


def _run(session: ort.InferenceSession, picture: np.ndarray) -> np.ndarray:
    try:
        return session.run(None, {session.get_inputs()[0].name: picture})[0]
    except Exception as error:  # nor have those of a run
        raise ValueError("ONNX Runtime cannot run it") from error


if __name__ == "__main__":
    try:
        print(json.dumps(inspect(sys.argv[1])))  # noqa: T201 - this is its answer
    except ValueError as reason:
        sys.exit(str(reason))
