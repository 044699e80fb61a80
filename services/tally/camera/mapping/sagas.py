"""The saga resource."""

from collections.abc import Sequence

from tally.api.camera.v1 import saga_pb2
from tally.camera.application.saga.provisioning import CAMERA_NAME
from tally.kernel.saga import Saga, SagaState

_STATE_TO_PROTO = {
    SagaState.RUNNING: saga_pb2.SAGA_STATE_RUNNING,
    SagaState.COMPENSATING: saga_pb2.SAGA_STATE_COMPENSATING,
    SagaState.DONE: saga_pb2.SAGA_STATE_DONE,
    SagaState.UNDONE: saga_pb2.SAGA_STATE_UNDONE,
    SagaState.PARKED: saga_pb2.SAGA_STATE_PARKED,
    SagaState.ABANDONED: saga_pb2.SAGA_STATE_ABANDONED,
}
_STATE_FROM_PROTO = {value: state for state, value in _STATE_TO_PROTO.items()}


def saga_to_proto(saga: Saga, steps: Sequence[str]) -> saga_pb2.Saga:
    """The whole resource.

    Args:
        saga: The saga.
        steps: Names of its steps.
    """
    message = saga_pb2.Saga(
        id=saga.id,
        camera_id=saga.subject_id,
        camera_name=saga.data[CAMERA_NAME],
        site_id=saga.site_id,
        state=_STATE_TO_PROTO[saga.state],
        steps=steps,
        steps_done=saga.position,
        attempts=saga.attempts,
        message=saga.message,
        reason=saga.reason,
    )
    message.deadline.FromDatetime(saga.deadline)
    message.create_time.FromDatetime(saga.create_time)
    message.update_time.FromDatetime(saga.update_time)
    return message


def state_from_proto(state: saga_pb2.SagaState.ValueType) -> SagaState | None:
    """The state; None where it is not set."""
    return _STATE_FROM_PROTO.get(state)
