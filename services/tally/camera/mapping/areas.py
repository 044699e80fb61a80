"""The area resource, and masked updates of it."""

from collections.abc import Callable
from dataclasses import replace

from tally.api.camera.v1 import area_pb2
from tally.camera.domain.area import Area, AreaSpec
from tally.kernel.errors import InvalidInput
from tally.kernel.grpc.validation import field_violations


def area_to_proto(area: Area) -> area_pb2.Area:
    """The whole resource."""
    message = area_pb2.Area(
        id=area.id, site_id=area.spec.site_id, name=area.spec.name, etag=area.etag
    )
    message.create_time.FromDatetime(area.create_time)
    message.update_time.FromDatetime(area.update_time)
    return message


def area_spec_from_proto(message: area_pb2.Area) -> AreaSpec:
    """The fields that users decide about; the others are ignored."""
    return AreaSpec(site_id=message.site_id.lower(), name=message.name)


def area_revision(wanted: area_pb2.Area) -> Callable[[AreaSpec], AreaSpec]:
    """The change that takes the name, the only field that changes, from `wanted`.

    It raises InvalidInput if what would come out broke the contract's rules for an area.
    """

    def revise(present: AreaSpec) -> AreaSpec:
        merged = area_pb2.Area(site_id=present.site_id, name=wanted.name)
        if violations := field_violations(merged, prefix="area"):
            raise InvalidInput(violations)
        return replace(present, name=wanted.name)

    return revise
