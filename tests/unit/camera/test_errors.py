"""Every reason that this context gives stands in its contract."""

from tally.api.camera.v1 import error_reason_pb2
from tally.camera.domain import errors
from tally.kernel.errors import ConcurrentChange, DomainError
from tally.kernel.idempotency import RequestIdReused
from tally.kernel.paging import invalid_page_token


def test_client_code_can_know_every_reason() -> None:
    own = [
        error.reason
        for error in vars(errors).values()
        if isinstance(error, type)
        and issubclass(error, DomainError)
        and error.__module__ == errors.__name__
    ]
    assert "CAMERA_NOT_FOUND" in own
    shared = (ConcurrentChange.reason, RequestIdReused.reason, invalid_page_token().reason)
    for reason in (*own, *shared):
        assert f"ERROR_REASON_{reason}" in error_reason_pb2.ErrorReason.keys()  # noqa: SIM118 - an enum wrapper, not a dict
