"""What the audit log is told of a request, and servers that would tell nothing."""

import json

import pytest

from tally.api.auth.v1 import auth_service_pb2, user_pb2, user_service_pb2
from tally.api.camera.v1 import camera_pb2, camera_service_pb2, stream_pb2
from tally.kernel.contracts import methods
from tally.kernel.grpc.audit import MAX_REQUEST_BYTES, audited, require_trail, shown
from tests.callers import Forgetful


def test_secrets_are_not_shown() -> None:
    request = user_service_pb2.CreateUserRequest(
        user=user_pb2.User(email="a@example.org"), password="seven blue herons"
    )
    assert json.loads(shown(request)) == {"user": {"email": "a@example.org"}}
    assert shown(auth_service_pb2.RefreshRequest(refresh_token="secret")) == "{}"


def test_secrets_deep_inside_are_not_shown() -> None:
    stream = stream_pb2.Stream(uri="rtsp://192.0.2.1/live")
    stream.credentials.username = "root"
    stream.credentials.password = "seven blue herons"
    request = camera_service_pb2.CreateCameraRequest(camera=camera_pb2.Camera(stream=stream))
    assert "herons" not in shown(request)
    assert "192.0.2.1" in shown(request)


def test_long_requests_are_cut_between_letters() -> None:
    request = camera_service_pb2.CreateCameraRequest(camera=camera_pb2.Camera(name="ü" * 9000))
    size = len(shown(request).encode())
    assert MAX_REQUEST_BYTES - 4 < size <= MAX_REQUEST_BYTES


@pytest.mark.parametrize("context", ["auth", "camera", "worker"])
def test_audited_methods_need_a_trail(context: str) -> None:
    with pytest.raises(ValueError, match=f"{context} has audited methods"):
        require_trail(context, None)
    require_trail(context, Forgetful())


def test_contexts_without_audited_methods_need_none() -> None:
    require_trail("analytics", None)


def test_no_audited_method_streams() -> None:
    """A record is written at a call's end: a stream's would come late, and answers would leave before it."""
    for method in filter(audited, methods().values()):
        assert not method.descriptor.server_streaming
        assert not method.descriptor.client_streaming
