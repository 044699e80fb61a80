"""Looks for a secret where none should be."""

import base64
from pathlib import Path
from urllib.parse import quote


def traces(username: str, password: str) -> list[bytes]:
    """All that a camera's password looks like on its way to the camera."""
    pair = f"{username}:{password}".encode()
    return [password.encode(), quote(password, safe="").encode(), base64.b64encode(pair)]


def parts_with(folder: Path, *needles: bytes) -> set[str]:
    """Names of the folder's entries that hold one of the needles, themselves or in a file below."""
    return {
        path.relative_to(folder).parts[0]
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    }
