"""Masked updates: which fields a mask may name, and what the camera would be with them changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce

from google.api.field_behavior_pb2 import OUTPUT_ONLY, field_behavior
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask

from tally.api.camera.v1 import camera_pb2
from tally.camera.domain.credentials import Credentials
from tally.camera.domain.spec import CameraSpec
from tally.camera.mapping.resource import spec_from_proto, spec_to_proto
from tally.camera.mapping.values import credentials_from_proto
from tally.kernel.errors import FieldViolation, InvalidInput
from tally.kernel.grpc.validation import field_violations

Revise = Callable[[CameraSpec], CameraSpec]

_FIELDS = camera_pb2.Camera.DESCRIPTOR.fields_by_name
_STREAM, _CREDENTIALS = "stream", "stream.credentials"


def _set_by_server(field: FieldDescriptor) -> bool:
    return field.name == "etag" or OUTPUT_ONLY in field.GetOptions().Extensions[field_behavior]


def _leaves() -> Mapping[str, Sequence[str]]:
    """Every path that a mask may name, with the paths of the values that it stands for."""
    leaves: dict[str, Sequence[str]] = {}
    for name, field in _FIELDS.items():
        if _set_by_server(field):
            continue
        if field.message_type is None or field.is_repeated:
            leaves[name] = [name]
        else:
            leaves[name] = [
                f"{name}.{part.name}"
                for part in field.message_type.fields
                if not _set_by_server(part)
            ]
            leaves.update({leaf: [leaf] for leaf in leaves[name]})
    return leaves


_LEAVES = _leaves()
_SET_BY_SERVER = (
    *(f"{name}." for name, field in _FIELDS.items() if _set_by_server(field)),
    "stream.credentials_set.",
)


def revision(wanted: camera_pb2.Camera, paths: Sequence[str]) -> Revise:
    """The change that takes the named fields from `wanted` and leaves the others.

    Args:
        wanted: Holds the new values.
        paths: Names the fields; none stands for every one that is set in `wanted`.

    Returns:
        Makes the changed spec of a present one. It raises InvalidInput, with every violation, if what would
        come out broke the contract's rules for a camera.

    Raises:
        InvalidInput: A path names no field, or one that callers cannot change.
    """
    refusals = [
        FieldViolation("update_mask", _refusal(path)) for path in paths if path not in _LEAVES
    ]
    if refusals:
        raise InvalidInput(refusals)
    source = camera_pb2.Camera()
    source.CopyFrom(wanted)
    # A masked value whose message is absent is to be reset, but the merge passes absent messages over.
    source.stream.SetInParent()
    source.counting.SetInParent()
    source.location.SetInParent()
    leaves = [leaf for path in paths for leaf in _LEAVES[path]] or list(_set_leaves(wanted))
    mask = FieldMask(paths=leaves)

    def revise(present: CameraSpec) -> CameraSpec:
        merged = spec_to_proto(present)
        mask.MergeMessage(source, merged, replace_message_field=True, replace_repeated_field=True)
        if merged.site_id.lower() != present.site_id and "area_id" not in leaves:
            merged.area_id = ""  # the area stays with the site
        if violations := field_violations(merged, prefix="camera"):
            raise InvalidInput(violations)
        return spec_from_proto(merged)

    return revise


def credentials_revision(wanted: camera_pb2.Camera, paths: Sequence[str]) -> Credentials | None:
    """The credentials that the named fields change to; None if they leave them.

    Nobody can read credentials and send them back, so where they are not named themselves, absent ones leave those that
    are there.
    """
    named = _CREDENTIALS in paths
    sent = (not paths or _STREAM in paths) and wanted.stream.HasField("credentials")
    return credentials_from_proto(wanted.stream.credentials) if named or sent else None


def _set_leaves(wanted: camera_pb2.Camera) -> Iterator[str]:
    for leaf in {leaf: None for leaves in _LEAVES.values() for leaf in leaves}:
        *parents, name = leaf.split(".")
        message = reduce(getattr, parents, wanted)
        if name in {field.name for field, _ in message.ListFields()}:
            yield leaf


def _refusal(path: str) -> str:
    if f"{path}.".startswith(_SET_BY_SERVER):
        return f"names {path}, which the server alone sets: leave it out"
    return f"names {path}, which is no field that can be changed: use any of {', '.join(_LEAVES)}"
