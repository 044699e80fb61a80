"""An event on its way: a protobuf payload with CloudEvents attributes in headers.

See CloudEvents 1.0 and its NATS protocol binding (binary mode) for the attributes, and W3C Trace
Context for `traceparent`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from google.protobuf.message import Message
from opentelemetry import propagate

from tally.kernel.messages import UnknownMessage, decode, type_name

DUPLICATE_KEY = "Nats-Msg-Id"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event.

    Attributes:
        id: The same each time the event is sent, so that it counts once.
        source: Who says so, such as `tally/camera`.
        subject: What it is about: the aggregate's id.
        time: When it happened.
        type: Full name of the payload's message type.
        payload: The serialised message.
        trace: Trace context of whoever caused it.
        version: Its position among its subject's events, from 1, so that whoever follows them notices one
            that comes late or again; 0 where nobody numbers them. (CloudEvents' `sequence` extension.)
    """

    id: str
    source: str
    subject: str
    time: datetime
    type: str
    payload: bytes
    trace: Mapping[str, str] = field(default_factory=dict)
    version: int = 0

    @classmethod
    def of(
        cls,
        message: Message,
        *,
        id: str,  # noqa: A002 - CloudEvents' name
        source: str,
        subject: str,
        time: datetime,
        version: int = 0,
    ) -> Self:
        """The event that `message` tells, in the current trace."""
        trace: dict[str, str] = {}
        propagate.inject(trace)
        payload = message.SerializeToString(deterministic=True)
        return cls(id, source, subject, time, type_name(message), payload, trace, version)

    @classmethod
    def parse(cls, headers: Mapping[str, str], payload: bytes) -> Self:
        """The event with these headers.

        Raises:
            UnknownMessage: A required attribute is missing or malformed.
        """
        try:
            return cls(
                headers["ce-id"],
                headers["ce-source"],
                headers["ce-subject"],
                datetime.fromisoformat(headers["ce-time"]),
                headers["ce-type"],
                payload,
                {key: headers[key] for key in ("traceparent", "tracestate") if key in headers},
                int(headers.get("ce-sequence", 0)),
            )
        except (KeyError, ValueError) as error:
            raise UnknownMessage(f"not a CloudEvent: {error}") from error

    def headers(self) -> dict[str, str]:
        """The attributes as headers."""
        return {
            DUPLICATE_KEY: self.id,
            "ce-specversion": "1.0",
            "ce-id": self.id,
            "ce-source": self.source,
            "ce-subject": self.subject,
            "ce-time": self.time.isoformat(),
            "ce-type": self.type,
            "content-type": "application/protobuf",
            **({"ce-sequence": str(self.version)} if self.version else {}),
            **self.trace,
        }

    def message(self) -> Message:
        """The payload.

        Raises:
            UnknownMessage: Its type is not known here, or it is not of its type.
        """
        return decode(self.type, self.payload)
