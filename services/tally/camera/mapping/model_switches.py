"""The switch resource."""

from tally.api.camera.v1 import model_switch_pb2
from tally.camera.domain.model_switch import ModelSwitch, SwitchedCamera, SwitchOutcome

_OUTCOMES = {
    SwitchOutcome.SWITCHED: model_switch_pb2.SWITCH_OUTCOME_SWITCHED,
    SwitchOutcome.ROLLED_BACK: model_switch_pb2.SWITCH_OUTCOME_ROLLED_BACK,
    SwitchOutcome.CHANGED_SINCE: model_switch_pb2.SWITCH_OUTCOME_CHANGED_SINCE,
    SwitchOutcome.GONE: model_switch_pb2.SWITCH_OUTCOME_GONE,
}


def switch_to_proto(switch: ModelSwitch) -> model_switch_pb2.ModelSwitch:
    """The whole resource."""
    message = summary_to_proto(switch)
    message.cameras.extend(map(_camera, switch.cameras))
    return message


def summary_to_proto(switch: ModelSwitch) -> model_switch_pb2.ModelSwitch:
    """The resource without its cameras."""
    message = model_switch_pb2.ModelSwitch(
        id=switch.id,
        from_detector=switch.from_detector,
        to_detector=switch.to_detector,
        actor=switch.actor,
        camera_count=len(switch.cameras),
        put_back_count=len(switch.put_back),
    )
    message.create_time.FromDatetime(switch.create_time)
    if switch.roll_back_time is not None:
        message.roll_back_time.FromDatetime(switch.roll_back_time)
    if switch.watch_end_time is not None:
        message.watch_end_time.FromDatetime(switch.watch_end_time)
    return message


def _camera(camera: SwitchedCamera) -> model_switch_pb2.SwitchedCamera:
    return model_switch_pb2.SwitchedCamera(
        camera_id=camera.camera_id,
        name=camera.name,
        site_id=camera.site_id,
        version=camera.version,
        outcome=_OUTCOMES[camera.outcome],
        failure=camera.failure,
    )
