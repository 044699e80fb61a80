"""States of cameras, remembered so that long lives need not be read again."""

import json
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from pydantic import ConfigDict, TypeAdapter

from tally.camera.domain.model import Camera, CameraState
from tally.camera.domain.spec import CameraSpec


class _State(NamedTuple):
    """What a camera's events made of it."""

    spec: CameraSpec
    state: CameraState
    version: int
    create_time: datetime
    update_time: datetime
    sealed_credentials: bytes


_STATES = TypeAdapter(_State, config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64"))
_FOLD = 1
"""To be raised when the same events make another camera than before; its shape is looked after below."""

SCHEMA = f"{_FOLD}-{blake2b(json.dumps(_STATES.json_schema()).encode(), digest_size=8).hexdigest()}"
"""Stands for the shape of a snapshot: those of another one are not read."""


def state_of(camera: Camera) -> str:
    """The camera's state as JSON."""
    state = _State(
        camera.spec,
        camera.state,
        camera.version,
        camera.create_time,
        camera.update_time,
        camera.sealed_credentials,
    )
    return _STATES.dump_json(state).decode()


def camera_of(camera_id: str, state: str) -> Camera:
    """The camera that had this state."""
    return Camera(id=camera_id, **_STATES.validate_json(state)._asdict())
