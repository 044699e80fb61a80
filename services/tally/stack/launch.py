"""Becomes another program, which the kernel will stop when the parent of this process dies.

    python launch.py PARENT_ID SIGNAL PROGRAM ARGUMENT…

A program of its own because the parent has threads: between its fork and exec, Python code could hang for ever,
and gRPC's fork handlers would run.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel, then run the program."""
    parent, signal, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:
        sys.exit("the parent died before it could be watched")
    try:
        os.execvp(program[0], program)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"{program[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main()
