"""Functions that run as machine code: loops over boxes and tracks, which would be slow in Python.

Numba (Lam, Pitrou & Seibert 2015) compiles each at its first call for the types that it is called with, and
keeps the result beside the source or in the user's cache. Arithmetic stays IEEE 754 as written: no order is
changed for speed, so that results do not depend on the machine.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

_P = ParamSpec("_P")
_R = TypeVar("_R")


def compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compiles a function of arrays and numbers at its first call."""
    made: Callable[_P, _R] = numba.njit(cache=True, error_model="numpy")(function)
    return made
