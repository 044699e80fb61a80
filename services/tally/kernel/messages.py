"""Protobuf messages by their full names, as stores and streams keep them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from tally.api.options.v1 import policy_pb2

_M = TypeVar("_M", bound=Message)


class UnknownMessage(Exception):
    """A stored message cannot be read: its type is not known here, or its bytes are not of its type."""


def type_name(message: Message) -> str:
    """Full name of the message's type, such as `tally.api.camera.v1.CameraCreated`."""
    return message.DESCRIPTOR.full_name


def decode(name: str, payload: bytes) -> Message:
    """The message with these bytes.

    Args:
        name: Full name of its type, whose generated module must have been imported.
        payload: The serialised message.

    Raises:
        UnknownMessage: The type is not known or the bytes do not fit.
    """
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
    except KeyError:
        raise UnknownMessage(f"no message type is called {name!r}") from None
    try:
        return message_factory.GetMessageClass(descriptor).FromString(payload)
    except DecodeError as error:
        raise UnknownMessage(f"not a {name}: {error}") from error


def moment(message: Message, field: str) -> datetime | None:
    """The time (UTC) in a field of type `google.protobuf.Timestamp`; None where it is not set."""
    if not message.HasField(field):
        return None
    timestamp: Timestamp = getattr(message, field)
    return timestamp.ToDatetime(UTC)


def without_sensitive(message: _M) -> _M:
    """A copy of the message without the fields that its contract calls sensitive, at any depth."""
    copy = type(message)()
    copy.CopyFrom(message)
    _clear_sensitive(copy)
    return copy


def _clear_sensitive(message: Message) -> None:
    for field, value in message.ListFields():
        if field.GetOptions().Extensions[policy_pb2.sensitive]:
            message.ClearField(field.name)
        elif field.type != FieldDescriptor.TYPE_MESSAGE:
            continue
        elif not field.is_repeated:
            _clear_sensitive(value)
        else:
            for each in value.values() if isinstance(value, Mapping) else value:
                if isinstance(each, Message):
                    _clear_sensitive(each)
