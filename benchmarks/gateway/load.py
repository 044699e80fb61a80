"""Load from programs that cost less than what they measure: h2load for gRPC, wrk for REST."""

import json
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

CONNECTIONS = 2
STREAMS = 16
"""Calls in flight on each connection."""

_PACKAGES = {"h2load": "nghttp2-client", "wrk": "wrk"}


def require_programs() -> None:
    """End the program if one is missing."""
    missing = [_PACKAGES[name] for name in _PACKAGES if shutil.which(name) is None]
    if missing:
        sys.exit(f"this benchmark needs programs of Debian's: apt install {' '.join(missing)}")


def grpc_per_second(
    folder: Path, address: str, path: str, message: bytes, answer: bytes, token: str, calls: int
) -> float:
    """Calls answered each second.

    Args:
        folder: For files of h2load's.
        address: `host:port` of the server.
        path: The method, `/package.Service/Method`.
        message: The request.
        answer: What every answer must be.
        token: Sent as `authorization: Bearer …`.
        calls: How many to make.
    """
    body = folder / "body"
    body.write_bytes(_framed(message))
    output = _run(
        "h2load", f"--requests={calls}", f"--clients={CONNECTIONS}",
        f"--max-concurrent-streams={STREAMS}", f"--data={body}",
        "--header=content-type: application/grpc", "--header=te: trailers",
        f"--header=authorization: Bearer {token}",
        f"http://{address}{path}",
    )  # fmt: skip
    succeeded = _number(output, r"status codes: (\d+) 2xx")
    received = _number(output, r"space savings[^)]*\), (?:[\d.]+\w+ \()(\d+)\) data")
    # A failed call has status 200, too, but no message.
    if succeeded != calls or received != calls * len(_framed(answer)):
        raise RuntimeError(f"not every call to {address} was answered:\n{output}")
    return _number(output, r"finished in [\d.]+\w+, ([\d.]+) req/s")


def rest_per_second(folder: Path, url: str, body: str, token: str, seconds: float) -> float:
    """Requests (POST) answered with 200 each second.

    Args:
        folder: For files of wrk's.
        url: Where to.
        body: The request, JSON.
        token: Sent as `authorization: Bearer …`.
        seconds: For how long to ask.
    """
    script = folder / "post.lua"
    script.write_text(
        'wrk.method = "POST"\n'
        f"wrk.body = {json.dumps(body)}\n"
        'wrk.headers["content-type"] = "application/json"\n'
        f'wrk.headers["authorization"] = "Bearer {token}"\n'
    )
    output = _run(
        "wrk", "--threads=1", f"--connections={CONNECTIONS * STREAMS}",
        f"--duration={seconds:g}s", f"--script={script}", url,
    )  # fmt: skip
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"not every request to {url} was answered:\n{output}")
    return _number(output, r"Requests/sec:\s+([\d.]+)")


def _framed(message: bytes) -> bytes:
    """As gRPC puts it on the wire: not compressed, its length, itself."""
    return struct.pack("!BI", 0, len(message)) + message


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _number(output: str, pattern: str) -> float:
    found = re.search(pattern, output)
    if found is None:
        raise RuntimeError(f"no {pattern} in:\n{output}")
    return float(found[1])
