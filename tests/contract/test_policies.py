"""Every method of every contract says who may call it, how long it may take and how it is reached."""

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from buf.validate import validate_pb2
from tally.kernel.contracts import Method, descriptor_image, methods

PERMISSIONS = {
    "camera:read",
    "camera:write",
    "camera:delete",
    "user:read",
    "user:write",
    "analytics:read",
    "analytics:write",
    "system:admin",
    "worker:run",
}

WELL_KNOWN = {"/.well-known/jwks.json"}
"""Paths that standards fix (RFC 8615), and no version of ours changes."""

each_method = pytest.mark.parametrize(
    "method", methods().values(), ids=lambda method: method.path.rpartition(".")[2]
)


def message(name: str) -> DescriptorProto:
    """The message with the given full name (with a leading dot)."""
    for file in descriptor_image().file:
        for candidate in file.message_type:
            if name == f".{file.package}.{candidate.name}":
                return candidate
    raise LookupError(name)


@each_method
def test_access_is_decided(method: Method) -> None:
    assert method.policy is not None
    access = method.policy.WhichOneof("access")
    assert access in ("public", "authenticated", "permission")
    if access == "permission":
        assert method.policy.permission in PERMISSIONS


@each_method
def test_only_streams_have_no_deadline(method: Method) -> None:
    assert (method.deadline_s is None) == method.descriptor.server_streaming
    if method.deadline_s is not None:
        assert 0 < method.deadline_s <= 60


@each_method
def test_only_repeatable_methods_are_retried(method: Method) -> None:
    assert method.policy is not None
    assert method.policy.retries == 0 or method.repeatable


@each_method
def test_only_answers_that_are_the_same_for_everybody_are_kept(method: Method) -> None:
    assert method.policy is not None
    if method.policy.HasField("cacheable"):
        assert method.policy.WhichOneof("access") == "public"
        assert method.repeatable


@each_method
def test_changes_by_people_are_audited(method: Method) -> None:
    assert method.policy is not None
    if method.policy.permission in ("camera:write", "camera:delete", "user:write", "system:admin"):
        assert method.policy.audited


@each_method
def test_a_rest_path_under_the_version_is_given(method: Method) -> None:
    rule = method.descriptor.options.Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    assert verb is not None
    path = getattr(rule, verb)
    assert path.startswith("/api/v1/") or path in WELL_KNOWN
    if verb == "get":
        assert not rule.body


@each_method
def test_text_and_lists_in_requests_are_bounded(method: Method) -> None:
    """No request can carry unlimited text or lists: each such field has a rule."""
    unbounded = [
        field.name
        for field in message(method.descriptor.input_type).field
        if field.type == FieldDescriptorProto.TYPE_STRING
        or field.label == FieldDescriptorProto.LABEL_REPEATED
        if not field.options.HasExtension(validate_pb2.field)
    ]
    assert unbounded == []


def test_rest_paths_are_unique() -> None:
    paths = []
    for method in methods().values():
        rule = method.descriptor.options.Extensions[annotations_pb2.http]
        verb = rule.WhichOneof("pattern")
        paths.append((verb, getattr(rule, verb or "")))
    assert len(paths) == len(set(paths))
