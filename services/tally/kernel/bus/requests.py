"""Requests from one context to those of another, over NATS request-reply.

One of those who listen on the subject answers. Nothing is kept: a request whose asker or answerer dies is gone, and
whoever asked asks again. What must not be lost is an event.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Generic, TypeVar

import nats.errors
import structlog
from google.protobuf.message import DecodeError, Message
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind

from tally.kernel.bus.nats import Bus
from tally.kernel.errors import DeadlineExceeded, DomainError, Unavailable
from tally.kernel.messages import type_name
from tally.kernel.process import end

PREFIX = "tally.request"
"""First tokens of all subjects that are asked on; no stream keeps them."""

_ERROR = "Nats-Service-Error"
"""Header of an answer that says why there is none (NATS ADR-32)."""

_Request = TypeVar("_Request", bound=Message)
_Answer = TypeVar("_Answer", bound=Message)

_tracer = trace.get_tracer("tally.kernel.bus")
_log = structlog.get_logger(__name__)


class NobodyListens(Unavailable):
    """There is nobody who could answer."""

    reason = "NOBODY_LISTENS"


def request_subject(*tokens: str) -> str:
    """The subject of a kind of request, such as `tally.request.worker.v1.probe`."""
    return ".".join((PREFIX, *tokens))


async def ask(
    bus: Bus, subject: str, request: Message, answer: type[_Answer], timeout_s: float
) -> _Answer:
    """Ask whoever listens on the subject.

    Args:
        bus: The connection.
        subject: Of the request.
        request: What is asked.
        answer: What the answer must be.
        timeout_s: How long to wait for it.

    Raises:
        NobodyListens: Nobody does.
        DeadlineExceeded: There was no answer in time.
        Unavailable: NATS cannot be reached, or whoever listened could not answer.
    """
    await bus.ping()
    with _tracer.start_as_current_span(
        f"ask {type_name(request)}",
        kind=SpanKind.CLIENT,
        attributes={"messaging.system": "nats", "messaging.destination.name": subject},
    ):
        headers: dict[str, str] = {}
        propagate.inject(headers)
        try:
            reply = await bus.client.request(
                subject, request.SerializeToString(), timeout_s, headers=headers
            )
        except nats.errors.NoRespondersError:
            raise NobodyListens(f"nobody listens on {subject}") from None
        except (nats.errors.TimeoutError, TimeoutError):
            raise DeadlineExceeded(f"there was no answer within {timeout_s:.3g} s") from None
        except (nats.errors.Error, OSError) as error:
            raise Unavailable(f"NATS did not pass the request on: {error}") from error
        if why := (reply.headers or {}).get(_ERROR):
            raise Unavailable(why)
        try:
            return answer.FromString(reply.data)
        except DecodeError as error:
            raise Unavailable(f"the answer is no {answer.DESCRIPTOR.full_name}") from error


class Responder(Generic[_Request]):
    """Answers one kind of request, on the subjects that it listens to. Use it in `aclosing`.

    Args:
        bus: The connection.
        queue: Of all who listen in the same queue, one gets each request.
        kind: What is asked.
        answer: Finds the answer. Its `DomainError` becomes the asker's `Unavailable`.
        limit: Requests answered at once; further ones are refused.
    """

    def __init__(
        self,
        bus: Bus,
        queue: str,
        kind: type[_Request],
        answer: Callable[[_Request], Awaitable[Message]],
        *,
        limit: int,
    ) -> None:
        self._bus = bus
        self._queue = queue
        self._kind = kind
        self._answer = answer
        self._limit = limit
        self._subscriptions: dict[str, Subscription] = {}
        self._answering: set[asyncio.Task[None]] = set()

    async def listen(self, subjects: Collection[str]) -> None:
        """Listen on these subjects and no others.

        Raises:
            Unavailable: The connection to NATS is gone for good.
        """
        try:
            for subject in self._subscriptions.keys() - subjects:
                await self._subscriptions.pop(subject).unsubscribe()
            for subject in subjects - self._subscriptions.keys():
                self._subscriptions[subject] = await self._bus.client.subscribe(
                    subject, self._queue, self._take
                )
        except nats.errors.Error as error:
            raise Unavailable(f"NATS cannot be reached: {error}") from error

    async def aclose(self) -> None:
        """Listen no more; what is being answered is given up."""
        try:
            if not self._bus.client.is_closed:
                await self.listen(())
        finally:
            await end(*self._answering)

    async def _take(self, message: Msg) -> None:
        # In a task of its own: the client hands over the next message when this returns.
        task = asyncio.create_task(self._respond(message))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _respond(self, message: Msg) -> None:
        with _tracer.start_as_current_span(
            f"answer {self._kind.DESCRIPTOR.full_name}",
            context=propagate.extract(message.headers or {}),
            kind=SpanKind.SERVER,
        ):
            if len(self._answering) > self._limit:
                await self._refuse(message, "too many ask at once: try again in a moment")
                return
            try:
                answer = await self._answer(self._kind.FromString(message.data))
                await message.respond(answer.SerializeToString())
            except DomainError as error:
                await self._refuse(message, str(error))
            except Exception:
                _log.exception("request_failed", subject=message.subject)
                await self._refuse(message, "it failed; its log tells more")

    async def _refuse(self, message: Msg, why: str) -> None:
        # Headers hold one line of ASCII.
        text = " ".join(why.encode("ascii", "replace").decode().split())
        await self._bus.client.publish(message.reply, headers={_ERROR: text})
