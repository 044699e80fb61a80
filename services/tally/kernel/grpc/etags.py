"""Tells the gateway the etag of a resource that is read, so that REST clients can ask whether theirs still holds."""

from functools import cache
from typing import TYPE_CHECKING

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from tally.kernel.contracts import Method

if TYPE_CHECKING:  # that module calls this one
    from tally.kernel.grpc.call import ServicerContext

_HEADER = "etag"


async def tell_etag(method: Method | None, answer: Message, context: "ServicerContext") -> None:
    """Send the answer's etag ahead of it, if the contract says that it is one resource which has one.

    Weak (RFC 9110, section 8.8.3): it names the resource's version, whatever the bytes that it is written in.
    """
    if method is None or not method.repeatable:
        return
    resource = _resource_with_etag(answer.DESCRIPTOR)
    if resource is None:
        return
    etag = getattr(getattr(answer, resource), _HEADER)
    if etag:
        await context.send_initial_metadata(((_HEADER, f'W/"{etag}"'),))


@cache
def _resource_with_etag(answer: Descriptor) -> str | None:
    """The field by which an answer wraps its resource; None if it holds anything else or the resource has no etag."""
    if len(answer.fields) != 1:
        return None
    (field,) = answer.fields
    if field.message_type is None or field.is_repeated:
        return None
    return field.name if _HEADER in field.message_type.fields_by_name else None
