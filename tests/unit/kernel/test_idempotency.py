"""What makes two requests the same."""

from tally.api.auth.v1.user_service_pb2 import CreateUserRequest
from tally.kernel.idempotency import CreateRequest

ANA = CreateRequest.of(CreateUserRequest(password="one"), "id", "user:ana")


def test_secrets_do_not_count() -> None:
    assert CreateRequest.of(CreateUserRequest(password="two"), "id", "user:ana") == ANA


def test_content_counts() -> None:
    other = CreateUserRequest()
    other.user.email = "bo@example.org"
    assert CreateRequest.of(other, "id", "user:ana").digest != ANA.digest


def test_nobody_repeats_somebody_elses_request() -> None:
    assert CreateRequest.of(CreateUserRequest(password="one"), "id", "user:bo").digest != ANA.digest
