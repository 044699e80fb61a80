"""Checks every request against the `buf.validate` rules of its contract."""

import protovalidate
from google.protobuf.message import Message
from protovalidate import Violation

from tally.kernel.errors import FieldViolation, InvalidInput


def check_message(message: Message) -> None:
    """Refuse a message that breaks its contract's rules.

    Raises:
        InvalidInput: With every violation.
    """
    violations = field_violations(message)
    if violations:
        raise InvalidInput(violations)


def field_violations(message: Message, *, prefix: str = "") -> list[FieldViolation]:
    """All that is wrong with a message; field paths are put behind `prefix`."""
    return [
        FieldViolation(
            field=".".join(part for part in (prefix, _path(violation)) if part),
            description=violation.proto.message or violation.proto.rule_id,
        )
        for violation in protovalidate.collect_violations(message)
    ]


def _path(violation: Violation) -> str:
    if violation.proto.field is None:
        return ""
    parts = []
    for element in violation.proto.field.elements:
        subscript = element.subscript
        key = "" if subscript is None else f"[{subscript.value!r}]"
        parts.append(f"{element.field_name}{key}")
    return ".".join(parts)
