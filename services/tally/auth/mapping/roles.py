"""Roles, bindings of them and permissions."""

from collections.abc import Iterable

from tally.api.auth.v1 import role_pb2, role_service_pb2
from tally.auth.domain.access import Role, RoleBinding, RoleChange


def role_to_proto(role: Role) -> role_pb2.Role:
    """The whole resource."""
    message = role_pb2.Role(
        id=role.id,
        display_name=role.display_name,
        permissions=sorted(role.permissions),
        built_in=role.built_in,
        etag=role.etag,
    )
    message.create_time.FromDatetime(role.create_time)
    message.update_time.FromDatetime(role.update_time)
    return message


def role_change_from_proto(request: role_service_pb2.UpdateRoleRequest) -> RoleChange:
    """The fields that the mask names."""
    wanted, masked = request.role, set(request.update_mask.paths)
    return RoleChange(
        display_name=wanted.display_name if "display_name" in masked else None,
        permissions=frozenset(wanted.permissions) if "permissions" in masked else None,
    )


def bindings_to_proto(bindings: Iterable[RoleBinding]) -> list[role_pb2.RoleBinding]:
    """Bindings in an order of their own."""
    return [
        role_pb2.RoleBinding(role_id=binding.role_id, site_ids=binding.site_ids)
        for binding in sorted(bindings)
    ]


def bindings_from_proto(messages: Iterable[role_pb2.RoleBinding]) -> frozenset[RoleBinding]:
    """Bindings; the same one twice is one."""
    return frozenset(
        RoleBinding(message.role_id, tuple(sorted(message.site_ids))) for message in messages
    )
