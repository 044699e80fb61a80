"""What may be told of a message."""

from tally.api.auth.v1 import (
    auth_service_pb2,
    service_account_service_pb2,
    user_pb2,
    user_service_pb2,
)
from tally.api.camera.v1 import camera_pb2, camera_service_pb2
from tally.kernel.messages import without_sensitive


def test_sensitive_fields_are_left_out_and_others_stay() -> None:
    request = user_service_pb2.CreateUserRequest(
        user=user_pb2.User(email="a@example.org"), password="seven blue herons"
    )
    told = without_sensitive(request)
    assert (told.user.email, told.password) == ("a@example.org", "")
    assert request.password == "seven blue herons", "the message itself stays"


def test_they_are_found_at_any_depth() -> None:
    answer = auth_service_pb2.LoginResponse(
        tokens=auth_service_pb2.Tokens(access_token="a", refresh_token="b")
    )
    answer.tokens.access_token_lifetime.seconds = 900
    told = without_sensitive(answer)
    assert told == auth_service_pb2.LoginResponse(
        tokens=auth_service_pb2.Tokens(access_token_lifetime=answer.tokens.access_token_lifetime)
    )


def test_maps_and_lists_stay() -> None:
    request = camera_service_pb2.CreateCameraRequest(
        camera=camera_pb2.Camera(name="Door", labels={"floor": "1"})
    )
    assert without_sensitive(request) == request
    key = service_account_service_pb2.CreateApiKeyRequest(name="k", scopes=["camera:read"])
    assert without_sensitive(key) == key
