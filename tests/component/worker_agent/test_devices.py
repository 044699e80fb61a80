"""ONVIF devices say what they are and where their streams are, and can do no harm with it."""

import asyncio
import gzip
import socket
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tally.kernel.stream_address import StreamNetworks
from tally.worker.agent.onvif.device import Description, Profile, describe
from tally.worker.agent.onvif.soap import MAX_BYTES
from tally.worker.agent.sources import Credentials, SourceError, SourceErrorReason
from tests.component.worker_agent.onvif_service import PASSWORD, USER, OnvifService
from tests.component.worker_agent.test_discovery import BOMB

HERE = StreamNetworks("127.0.0.0/8")
ADMIN = Credentials(USER, PASSWORD)
FOUND = Description(
    "Acme",
    "IPC-2",
    "5.1",
    [
        Profile("main", "rtsp://127.0.0.1:554/main", "H264", 1920, 1080, 25.0),
        Profile("small", "rtsp://127.0.0.1:554/small", "H264", 640, 360, 25.0),
    ],
)


async def refused(
    service: OnvifService,
    credentials: Credentials | None = ADMIN,
    networks: StreamNetworks = HERE,
) -> SourceErrorReason:
    """Why a device says nothing."""
    with service, pytest.raises(SourceError) as caught:
        await describe(service.address, credentials, networks)
    assert PASSWORD not in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(days=-400), timedelta(hours=3)])
async def test_a_device_tells_its_streams_whatever_its_clock_says(ahead: timedelta) -> None:
    with OnvifService(clock=ahead) as service:
        assert await describe(service.address, ADMIN, HERE) == FOUND


async def test_streams_are_where_the_device_was_asked_whatever_it_says() -> None:
    with OnvifService(host="10.99.0.1") as service:
        assert await describe(service.address, ADMIN, HERE) == FOUND


async def test_a_stream_that_a_device_does_not_give_is_left_out() -> None:
    with OnvifService(hides="small") as service:
        assert await describe(service.address, ADMIN, HERE) == replace(
            FOUND, profiles=FOUND.profiles[:1]
        )


async def test_a_clock_that_is_a_century_off_tells_nothing() -> None:
    service = OnvifService(clock=timedelta(days=40_000))
    assert await refused(service) is SourceErrorReason.UNAUTHORIZED


async def test_a_long_address_is_none() -> None:
    assert await refused(OnvifService(host="h" * 3_000)) is SourceErrorReason.NOT_VIDEO


@pytest.mark.parametrize("credentials", [None, Credentials(USER, "wrong")])
async def test_a_device_that_asks_for_another_user_says_so(credentials: Credentials | None) -> None:
    assert await refused(OnvifService(), credentials) is SourceErrorReason.UNAUTHORIZED


async def test_a_device_where_no_camera_may_be_is_not_asked() -> None:
    service = OnvifService()
    assert (
        await refused(service, networks=StreamNetworks("10.20.0.0/16"))
        is SourceErrorReason.FORBIDDEN
    )
    assert service.asked == []


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (302, b"", SourceErrorReason.NOT_VIDEO),
        (404, b"", SourceErrorReason.NOT_FOUND),
        (200, b"<html>hello</html>", SourceErrorReason.NOT_VIDEO),
        (200, BOMB, SourceErrorReason.NOT_VIDEO),
        (200, b"x" * (MAX_BYTES + 1), SourceErrorReason.NOT_VIDEO),
        (401, b"", SourceErrorReason.UNAUTHORIZED),
    ],
)
async def test_what_answers_otherwise_is_refused(
    status: int, body: bytes, reason: SourceErrorReason
) -> None:
    assert await refused(OnvifService(reply=(status, body))) is reason


@pytest.mark.parametrize(
    "challenge", ["x", 'realm="x", nonce="y", algorithm=X', 'realm="x", nonce="y", qop="auth-int"']
)
async def test_a_digest_that_nobody_knows_is_refused(challenge: str) -> None:
    headers = {"WWW-Authenticate": f"Digest {challenge}"}
    service = OnvifService(reply=(401, b""), headers=headers)
    assert await refused(service) is SourceErrorReason.NOT_VIDEO


async def test_nothing_is_expanded() -> None:
    squeezed = gzip.compress(b"NotAuthorized")
    service = OnvifService(reply=(200, squeezed), headers={"Content-Encoding": "gzip"})
    assert await refused(service) is SourceErrorReason.NOT_VIDEO


async def test_an_answer_before_a_digest_is_bounded_too() -> None:
    headers = {"WWW-Authenticate": 'Digest realm="x", nonce="y"'}
    service = OnvifService(reply=(401, b"x" * (MAX_BYTES + 1)), headers=headers)
    assert await refused(service) is SourceErrorReason.NOT_VIDEO
    assert len(service.asked) == 1


async def test_over_tls_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    known = [[(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 0))]]
    lookup = socket.getaddrinfo

    def answer(host: str, *rest: Any, **more: Any) -> list[Any]:
        return lookup(host, *rest, **more) if host == "127.0.0.1" else known.pop()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.read(4096))
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setattr(socket, "getaddrinfo", answer)
        with pytest.raises(SourceError):
            await describe(f"https://camera.test:{port}/", ADMIN, HERE)
        assert b"camera.test" in await asyncio.wait_for(heard.get(), 5)


async def test_nobody_is_there() -> None:
    with OnvifService() as service:
        address = service.address
    with pytest.raises(SourceError) as caught:
        await describe(address, ADMIN, HERE)
    assert caught.value.reason is SourceErrorReason.UNREACHABLE
