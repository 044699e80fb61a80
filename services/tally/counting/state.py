"""What an engine remembers, as bytes: to go on later, or elsewhere, as if nothing had happened.

A line of JSON comes first (format, fingerprint of the configuration, names of the tables, SHA-256 of what follows);
then the tables, one after another, each as NumPy writes arrays (NEP 1: types and shape are told; nothing is
pickled). The same memory gives the same bytes.
"""

import io
import json
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.lib.recfunctions import repack_fields
from numpy.typing import NDArray

Tables = dict[str, NDArray[Any]]
"""What is remembered, by name. Numbers are arrays without dimensions."""

_FORMAT = "tally-counting-state 1"


class StateRefused(ValueError):
    """A state cannot be restored: it is damaged, or that of another configuration or version."""


def fingerprint(*configuration: object) -> str:
    """Returns what differs as soon as any part of a configuration does. The parts are told apart by their `repr`."""
    return sha256(repr(configuration).encode()).hexdigest()


def pack(configuration: str, tables: Tables) -> bytes:
    """Returns the tables as bytes.

    Args:
        configuration: Fingerprint of the configuration that they are of.
        tables: Not of objects.
    """
    body = io.BytesIO()
    for table in tables.values():
        # Between aligned fields lie bytes that mean nothing and are anything.
        npy.write_array(body, table.astype(_packed(table.dtype)), allow_pickle=False)
    header = {
        "format": _FORMAT,
        "configuration": configuration,
        "tables": list(tables),
        "sha256": sha256(body.getvalue()).hexdigest(),
    }
    return json.dumps(header).encode() + b"\n" + body.getvalue()


def unpack(data: bytes, configuration: str, like: Tables) -> Tables:
    """Returns the tables that `pack` made bytes of.

    Args:
        data: The bytes.
        configuration: Fingerprint of the configuration that they must be of.
        like: Tables of the types and shapes that are expected, with however many rows.

    Raises:
        StateRefused: The bytes are damaged, or of another configuration or version.
    """
    first, _, body = data.partition(b"\n")
    try:
        header = json.loads(first)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise StateRefused("this is no state of a counting engine of this version: start afresh")
    if header["sha256"] != sha256(body).hexdigest():
        raise StateRefused("the state is damaged: start afresh")
    if header["configuration"] != configuration:
        raise StateRefused(
            "the state is of an engine with other lines, zones, masks, frame size or settings: start afresh"
        )
    if header["tables"] != list(like):
        raise StateRefused("the state is of another version of the engine: start afresh")
    stream = io.BytesIO(body)
    return {name: _read(stream, name, table) for name, table in like.items()}


def _read(stream: io.BytesIO, name: str, like: NDArray[Any]) -> NDArray[Any]:
    saved = npy.read_array(stream, allow_pickle=False)
    if (
        saved.dtype != _packed(like.dtype)
        or saved.ndim != like.ndim
        or saved.shape[1:] != like.shape[1:]
    ):
        raise StateRefused(f"the state's {name} are of another version of the engine: start afresh")
    return saved.astype(like.dtype)


def _packed(row: np.dtype[Any]) -> np.dtype[Any]:
    packed: np.dtype[Any] = repack_fields(row)
    return packed
