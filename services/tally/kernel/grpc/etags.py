"""Tells the gateway the etag of a resource that is read, so that REST clients can ask whether theirs still holds."""

from typing import TYPE_CHECKING

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from tally.kernel.contracts import Method, descriptor_pool

if TYPE_CHECKING:  # that module calls this one
    from tally.kernel.grpc.call import ServicerContext

_HEADER = "etag"


def tells_etag(method: Method | None) -> bool:
    """Whether a method's answers are, by its contract, one resource which has an etag."""
    if method is None or not method.repeatable:
        return False
    answer = descriptor_pool().FindMessageTypeByName(method.descriptor.output_type.lstrip("."))
    return _has_one_resource(answer)


async def tell_etag(answer: Message, context: "ServicerContext") -> None:
    """Send the etag of an answer of such a method ahead of it.

    Weak (RFC 9110, section 8.8.3): it names the resource's version, whatever the bytes that it is written in.
    """
    (field,) = answer.DESCRIPTOR.fields
    etag = getattr(getattr(answer, field.name), _HEADER)
    if etag:
        await context.send_initial_metadata(((_HEADER, f'W/"{etag}"'),))


def _has_one_resource(answer: Descriptor) -> bool:
    if len(answer.fields) != 1:
        return False
    (field,) = answer.fields
    if field.message_type is None or field.is_repeated:
        return False
    return _HEADER in field.message_type.fields_by_name
