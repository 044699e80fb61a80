"""Hostile requests, by kind. Each attack tells for every request that it made whether the gateway refused it."""

import asyncio
import os
import struct
from collections.abc import Awaitable, Callable

from hyperframe.frame import (
    ContinuationFrame,
    HeadersFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from benchmarks.gateway.backend import READ, WRITE, WRITE_RPC
from benchmarks.gateway.wire import Http2, answer_to

Attack = Callable[[str], Awaitable[list[bool]]]
"""Attacks the gateway at `host:port`; for each hostile request, whether it was refused."""

_GRPC_OK = b"grpc-status:0"
_RESETS = 250
_FLOOD = 2000
_MEBIBYTE = 1024 * 1024


def _post(body: bytes, *, path: str = WRITE, kind: str = "application/json") -> list[bytes]:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: tally\r\nconnection: close\r\n"
        f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return [head.encode(), body]


def _get(*headers: str, path: str = READ) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "host: tally", "connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _is_refusal(answer: bytes | None) -> bool:
    """Whether an HTTP/1.1 answer refuses; hanging up without a word does, silence does not."""
    if answer is None:
        return False
    status = answer.split(b" ", 2)[1:2]
    return not status or status[0][:1] in b"45"


async def _each(address: str, *requests: bytes | list[bytes]) -> list[bool]:
    contents = [[request] if isinstance(request, bytes) else request for request in requests]
    answers = await asyncio.gather(*(answer_to(address, *content) for content in contents))
    return [_is_refusal(answer) for answer in answers]


async def oversized_bodies(address: str) -> list[bool]:
    """More JSON than a message may be long."""
    return await _each(address, _post(b'{"email": "' + b"x" * (5 * _MEBIBYTE) + b'"}'))


async def oversized_messages(address: str) -> list[bool]:
    """More protobuf than a message may be long, as gRPC-Web."""
    message = b"\x0a" + b"\xff\xff\xff\x02" + b"x" * (5 * _MEBIBYTE)
    return await _grpc_web(address, struct.pack(">BI", 0, len(message)) + message)


async def broken_messages(address: str) -> list[bool]:
    """What no protobuf parser can read, and frames that lie about their length."""
    noise = b"\xff" * 40
    return await _grpc_web(
        address,
        struct.pack(">BI", 0, len(noise)) + noise,
        struct.pack(">BI", 0, 0xFFFFFFFF) + noise,
        struct.pack(">BI", 7, len(noise)) + noise,
    )


async def _grpc_web(address: str, *bodies: bytes) -> list[bool]:
    requests = [_post(body, path=WRITE_RPC, kind="application/grpc-web+proto") for body in bodies]
    answers = await asyncio.gather(*(answer_to(address, *request) for request in requests))
    return [
        _is_refusal(answer) or (answer is not None and _GRPC_OK not in answer.replace(b" ", b""))
        for answer in answers
    ]


async def broken_requests(address: str) -> list[bool]:
    """HTTP/1.1 that is none, or that two parsers could read as two different requests."""
    return await _each(
        address,
        os.urandom(512),
        b"GET / HTTP/9.9\r\nhost: tally\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: tally\r\na : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: tally\r\na: \x00\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: tally\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: tally\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nhost: tally\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    )


async def odd_paths(address: str) -> list[bool]:
    """Paths that mean one thing to the gateway and might mean another behind it."""
    paths = ("/api/v1/..%2f..%2fsecret", "/api/v1%5ccameras", "/../../etc/passwd", "/%00")
    return await _each(address, *(_get(path=path) for path in paths))


async def json_bombs(address: str) -> list[bool]:
    """JSON that is small to send and large to read."""
    return await _each(
        address,
        _post(b"[" * 100_000),
        _post(b'{"user":' * 20_000 + b"{}" + b"}" * 20_000),
        _post(b'{"email": 1' + b"0" * 1_000_000 + b"}"),
        _post(b"{" + b",".join(b'"k%d": 1' % number for number in range(50_000)) + b"}"),
    )


async def header_floods(address: str) -> list[bool]:
    """Too many headers, too large ones, and names that servers mistake for others."""
    return await _each(
        address,
        _get(*(f"h{number}: x" for number in range(500))),
        _get(f"h: {'x' * 100_000}"),
        _get(path=f"{READ}?page={'x' * 100_000}"),
        _get("x_tally_user: admin"),
    )


async def broken_frames(address: str) -> list[bool]:
    """HTTP/2 frames that the protocol forbids."""
    return list(
        await asyncio.gather(
            _frames(address, os.urandom(512)),
            _frames(address, b"\x00\x00\x05\x04\x00\x00\x00\x00\x00" + b"x" * 5),
            _frames(address, b"\x00\x00\x01\x00\x00\x00\x00\x00\x00x"),
            _frames(address, HeadersFrame(1, data=b"\xff" * 64, flags=["END_HEADERS"]).serialize()),
            _frames(address, HeadersFrame(2, data=b"\x82", flags=["END_HEADERS"]).serialize()),
            _frames(address, b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"x" * 1000),
            _frames(address, SettingsFrame(0, settings={4: 2**32 - 1}).serialize()),
        )
    )


async def _frames(address: str, content: bytes) -> bool:
    async with Http2.to(address) as connection:
        await connection.send(content)
        return await connection.refused()


async def frame_floods(address: str) -> list[bool]:
    """HTTP/2 frames that are allowed one by one, and cost the server more than the client."""
    endless = HeadersFrame(1, data=b"\x82", flags=[])
    floods = (
        [endless, *(ContinuationFrame(1, data=b"") for _ in range(_FLOOD))],
        [endless, *(ContinuationFrame(1, data=b"\x00\x01a\x01b" * 100) for _ in range(_FLOOD))],
        [PriorityFrame(3, depends_on=0, stream_weight=1) for _ in range(_FLOOD)],
        [WindowUpdateFrame(0, window_increment=1) for _ in range(_FLOOD)],
    )
    return list(
        await asyncio.gather(
            *(_frames(address, b"".join(f.serialize() for f in flood)) for flood in floods)
        )
    )


async def rapid_resets(address: str) -> list[bool]:
    """Requests that are given up at once (CVE-2023-44487). All count as refused when the connection is ended."""
    async with Http2.to(address) as connection:
        for number in range(_RESETS):
            stream = 2 * number + 1
            request = connection.request(stream, "GET", READ)
            if not await connection.send(request, RstStreamFrame(stream, error_code=8)):
                break
        return [await connection.refused()] * _RESETS


async def slow_headers(address: str) -> list[bool]:
    """A request whose headers never end."""
    pieces = [_get()[:-2], *(b"h: x\r\n" for _ in range(60))]
    return [_is_refusal(await answer_to(address, *pieces, pause_s=1))]


async def slow_bodies(address: str) -> list[bool]:
    """A body that comes byte by byte."""
    head, body = _post(b'{"email": "' + b"x" * 100 + b'"}')
    pieces = [head, *(bytes([byte]) for byte in body)]
    return [_is_refusal(await answer_to(address, *pieces, pause_s=1))]


async def slow_readers(address: str) -> list[bool]:
    """Requests whose answers nobody takes."""
    requests = 20
    async with Http2.to(address, {SettingsFrame.INITIAL_WINDOW_SIZE: 0}) as connection:
        for number in range(requests):
            await connection.send(connection.request(2 * number + 1, "GET", READ))
        return [await connection.refused()] * requests


QUICK: dict[str, Attack] = {
    "oversized bodies": oversized_bodies,
    "oversized messages": oversized_messages,
    "broken messages": broken_messages,
    "broken requests": broken_requests,
    "odd paths": odd_paths,
    "JSON bombs": json_bombs,
    "header floods": header_floods,
    "broken frames": broken_frames,
    "frame floods": frame_floods,
    "rapid resets": rapid_resets,
}
"""Attacks that are over as soon as the gateway has refused them."""

SLOW: dict[str, Attack] = {
    "slow headers": slow_headers,
    "slow bodies": slow_bodies,
    "slow readers": slow_readers,
}
"""Attacks that hold on to what they have until the gateway takes it from them."""
