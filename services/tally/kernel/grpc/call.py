"""One interceptor for all four kinds of call: it runs every call inside the same chain of guards."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message import Message

from tally.kernel.contracts import Method, methods
from tally.kernel.grpc.etags import tell_etag, tells_etag
from tally.kernel.identity import Principal

if TYPE_CHECKING:
    ServicerContext = grpc.aio.ServicerContext[Any, Any]
else:
    ServicerContext = grpc.aio.ServicerContext


@dataclass(slots=True)
class Call:
    """A call in progress, as guards and servicers see it.

    Attributes:
        path: `/package.Service/Method`.
        method: What the contract says of it; None for methods that no contract has.
        metadata: Text metadata sent by the caller, keys in lower case.
        context: gRPC's own context.
        request: The request, not yet checked; where requests stream, an iterator over them.
        principal: Who calls; set by the access guard, None on public methods without credentials.
    """

    path: str
    method: Method | None
    metadata: dict[str, str]
    context: ServicerContext
    request: Any
    principal: Principal | None = None


Proceed = Callable[[Call], Awaitable[Any]]
"""Goes on with a call; returns its answer, or None where answers stream."""

Guard = Callable[[Call, Proceed], Awaitable[Any]]
"""Surrounds a call: acts before it proceeds, on its answer, and on the error that ends it."""

GuardsOf = Callable[[str, Method | None], Sequence[Guard]]
"""The guards that surround every call of a method, given its path, outermost first."""

MessageCheck = Callable[[Message], None]
"""Refuses a request message by raising a DomainError."""


class GuardInterceptor(
    grpc.aio.ServerInterceptor  # type: ignore[type-arg]  # generic in the stubs alone, not at run time
):
    """Runs each call inside the guards of its method, and each request through `check`."""

    def __init__(self, guards_of: GuardsOf, check: MessageCheck) -> None:
        self._guards_of = guards_of
        self._check = check
        self._guarded: dict[str, Any] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the handler of the called method, once; unknown methods stay gRPC's own business."""
        path = handler_call_details.method
        if path not in self._guarded:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            self._guarded[path] = self._wrap(path, handler)
        return self._guarded[path]

    def _wrap(self, path: str, handler: Any) -> Any:
        method = methods().get(path)
        make, attribute = _KINDS[handler.request_streaming, handler.response_streaming]
        inner = getattr(handler, attribute)
        check = self._each_checked if handler.request_streaming else self._checked

        def serve(call: Call) -> Awaitable[Any]:
            return inner(check(call.request), call.context)  # type: ignore[no-any-return]  # untyped

        def stream(call: Call) -> Awaitable[None]:
            return _send_all(serve(call), call.context)

        def tell(call: Call) -> Awaitable[Message]:
            return _answer_with_etag(serve(call), call.context)

        guarded: Proceed = serve
        if handler.response_streaming:
            guarded = stream
        elif tells_etag(method):
            guarded = tell
        for guard in reversed(self._guards_of(path, method)):
            guarded = partial(_inside, guard, guarded)

        async def behaviour(request: Any, context: ServicerContext) -> Any:
            return await guarded(Call(path, method, _text_metadata(context), context, request))

        return make(
            behaviour,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _checked(self, request: Message) -> Message:
        self._check(request)
        return request

    async def _each_checked(self, requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
        async for request in requests:
            self._check(request)
            yield request


def _inside(guard: Guard, proceed: Proceed, call: Call) -> Awaitable[Any]:
    return guard(call, proceed)


async def _answer_with_etag(answer: Awaitable[Message], context: ServicerContext) -> Message:
    message = await answer
    await tell_etag(message, context)
    return message


async def _send_all(responses: Any, context: ServicerContext) -> None:
    """Send what a servicer yields; one that sends by itself is let do so."""
    if inspect.isawaitable(responses):
        await responses
        return
    async for response in responses:
        await context.write(response)


def caller_address(context: ServicerContext) -> str:
    """Where the caller is: what the gateway says it saw, else the other end of the connection.

    The gateway adds what it saw behind whatever a caller claims, so the last entry counts. Who reaches this server
    without the gateway can claim anything.
    """
    for key, value in context.invocation_metadata() or ():
        if key == "x-forwarded-for" and isinstance(value, str):
            return value.rpartition(",")[2].strip()
    return context.peer().rpartition(":")[0]


def _text_metadata(context: ServicerContext) -> dict[str, str]:
    return {
        key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)
    }


_KINDS: dict[tuple[bool, bool], tuple[Callable[..., Any], str]] = {
    (False, False): (grpc.unary_unary_rpc_method_handler, "unary_unary"),
    (False, True): (grpc.unary_stream_rpc_method_handler, "unary_stream"),
    (True, False): (grpc.stream_unary_rpc_method_handler, "stream_unary"),
    (True, True): (grpc.stream_stream_rpc_method_handler, "stream_stream"),
}
