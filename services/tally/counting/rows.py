"""State of tracks: structured arrays with a row per track."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def follow(state: NDArray[Any], keep: NDArray[np.bool_], born: int) -> NDArray[Any]:
    """Returns the rows of `state` to `keep`, then `born` rows of zeros."""
    if not born and keep.all():
        return state
    kept = state[keep]
    # Concatenating would first look, field by field and every time, for a type common to both.
    following = np.zeros((len(kept) + born, *state.shape[1:]), state.dtype)
    following[: len(kept)] = kept
    return following
