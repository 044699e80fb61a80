"""What the worker runs on."""

import os
import subprocess

from tally.api.worker.v1.worker_pb2 import Hardware

_GPUS = ("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
_ANSWER_S = 10.0


def hardware() -> Hardware:
    """The cores that this process may use, and the graphics processors that NVIDIA's driver knows."""
    return Hardware(cores=len(os.sched_getaffinity(0)), gpus=_gpus())


def _gpus() -> list[str]:
    try:
        told = subprocess.run(_GPUS, capture_output=True, text=True, timeout=_ANSWER_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return []  # no driver, no processors
    return [line.strip() for line in told.stdout.splitlines() if line.strip()]
