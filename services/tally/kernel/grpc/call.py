"""One interceptor for all four kinds of call: it runs every call inside the same chain of guards."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message import Message

from tally.kernel.contracts import Method, methods
from tally.kernel.grpc.etags import tell_etag
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
        principal: Who calls; set by the access guard, None on public methods without credentials.
    """

    path: str
    method: Method | None
    metadata: dict[str, str]
    context: ServicerContext
    principal: Principal | None = None


Guard = Callable[[Call], AbstractAsyncContextManager[None]]
"""Surrounds a call: acts before it, after it, and on the error that ends it."""

MessageCheck = Callable[[Message], None]
"""Refuses a request message by raising a DomainError."""


class GuardInterceptor(
    grpc.aio.ServerInterceptor  # type: ignore[type-arg]  # generic in the stubs alone, not at run time
):
    """Runs each call inside `guards`, the first one outermost, and each request through `check`."""

    def __init__(self, guards: Sequence[Guard], check: MessageCheck) -> None:
        self._guards = guards
        self._check = check

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the handler of the called method; unknown methods stay gRPC's own business."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        path = handler_call_details.method
        kind = handler.request_streaming, handler.response_streaming
        make, attribute = _KINDS[kind]
        inner = getattr(handler, attribute)
        outer = self._streaming if handler.response_streaming else self._single
        return make(
            outer(path, inner, request_streaming=handler.request_streaming),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _single(self, path: str, inner: Any, *, request_streaming: bool) -> Any:
        async def behaviour(request: Any, context: ServicerContext) -> Any:
            async with AsyncExitStack() as stack:
                await self._enter(stack, path, context)
                answer = await inner(self._checked(request, streaming=request_streaming), context)
                await tell_etag(methods().get(path), answer, context)
                return answer

        return behaviour

    def _streaming(self, path: str, inner: Any, *, request_streaming: bool) -> Any:
        async def behaviour(request: Any, context: ServicerContext) -> AsyncIterator[Any]:
            async with AsyncExitStack() as stack:
                await self._enter(stack, path, context)
                async for response in inner(
                    self._checked(request, streaming=request_streaming), context
                ):
                    yield response

        return behaviour

    async def _enter(self, stack: AsyncExitStack, path: str, context: ServicerContext) -> None:
        metadata = {
            key: value
            for key, value in context.invocation_metadata() or ()
            if isinstance(value, str)
        }
        call = Call(path, methods().get(path), metadata, context)
        for guard in self._guards:
            await stack.enter_async_context(guard(call))

    def _checked(self, request: Any, *, streaming: bool) -> Any:
        if streaming:
            return self._each_checked(request)
        self._check(request)
        return request

    async def _each_checked(self, requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
        async for request in requests:
            self._check(request)
            yield request


_KINDS: dict[tuple[bool, bool], tuple[Callable[..., Any], str]] = {
    (False, False): (grpc.unary_unary_rpc_method_handler, "unary_unary"),
    (False, True): (grpc.unary_stream_rpc_method_handler, "unary_stream"),
    (True, False): (grpc.stream_unary_rpc_method_handler, "stream_unary"),
    (True, True): (grpc.stream_stream_rpc_method_handler, "stream_stream"),
}
