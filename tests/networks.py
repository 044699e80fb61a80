"""Tiny ONNX networks with YOLOX's inputs and outputs, written field by field."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIDE = 64
STRIDES = (8, 16, 32)
ROWS = sum((SIDE // stride) ** 2 for stride in STRIDES)

_FLOAT, _INT64 = 1, 7
_INTS = 7
"""ONNX's numbers for types of elements and of attributes."""


def tiny_network(
    *,
    batch: int | str = "n",
    channels: int = 3,
    size: int | str = SIDE,
    rows: int = ROWS,
    columns: int = 6,
    class_score: float = 1.0,
    first_x: float = 0.5,
    outputs: int = 1,
) -> bytes:
    """A network that sees one object of 8 × 8 pixels at the top: as sure as the picture is blue, as far
    right as it is green (none: the left edge, full: the right one).

    Args:
        batch: Pictures at once; a name for any number.
        channels: Of the picture.
        size: Of the picture, both ways; a name for any.
        rows: Of the output.
        columns: Of the output: four for the box, objectness, one for each class.
        class_score: Of the first class.
        first_x: Where the object is in a picture without green, in cells.
        outputs: How many outputs there are, all the same.
    """
    weights = np.zeros((channels, rows, columns), np.float32)
    weights[0, 0, 4] = 1 / 255
    weights[min(1, channels - 1), 0, 0] = (SIDE / STRIDES[0] - 1) / 255
    bias = np.zeros((rows, columns), np.float32)
    bias[0, :2] = first_x, 0.5
    bias[0, 5:6] = class_score
    names = [f"output{number}" for number in range(outputs)]
    graph = [
        _bytes(1, _node("ReduceMean", ["images"], "mean", {"axes": [2, 3], "keepdims": 0})),
        _bytes(1, _node("Gemm", ["mean", "weights", "bias"], "flat", {})),
        *(_bytes(1, _node("Reshape", ["flat", "shape"], name, {})) for name in names),
        _bytes(2, b"tiny"),
        _bytes(5, _tensor("weights", weights.reshape(channels, -1))),
        _bytes(5, _tensor("bias", bias.reshape(-1))),
        _bytes(5, _tensor("shape", np.array([0, rows, columns], np.int64))),
        _bytes(11, _value("images", [batch, channels, size, size])),
        *(_bytes(12, _value(name, [batch, rows, columns])) for name in names),
    ]
    opset = _bytes(8, _number(2, 13))
    return _number(1, 8) + opset + _bytes(7, b"".join(graph))


def _node(
    kind: str, inputs: Sequence[str], output: str, attributes: dict[str, int | Sequence[int]]
) -> bytes:
    node = b"".join(_bytes(1, name.encode()) for name in inputs)
    node += _bytes(2, output.encode()) + _bytes(4, kind.encode())
    for name, value in attributes.items():
        content = _bytes(1, name.encode())
        if isinstance(value, int):
            content += _number(3, value) + _number(20, 2)
        else:
            content += b"".join(_number(8, each) for each in value) + _number(20, _INTS)
        node += _bytes(5, content)
    return node


def _tensor(name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> bytes:
    kind = _FLOAT if values.dtype == np.float32 else _INT64
    dimensions = b"".join(_number(1, length) for length in values.shape)
    return dimensions + _number(2, kind) + _bytes(8, name.encode()) + _bytes(9, values.tobytes())


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    dimensions = b"".join(
        _bytes(1, _number(1, length) if isinstance(length, int) else _bytes(2, length.encode()))
        for length in shape
    )
    tensor_type = _number(1, _FLOAT) + _bytes(2, dimensions)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor_type))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
