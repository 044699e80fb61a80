"""Gateways as typed."""

import grpc
import pytest
import typer
from grpc.aio import AioRpcError, Metadata

from tally.cli.failing import CommandError
from tally.cli.gateway import Gateway, answering


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://LocalHost:8080/", "http://localhost:8080"),
        ("https://tally.example", "https://tally.example:443"),
        ("http://tally.example", "http://tally.example:80"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_the_same_gateway_has_one_url(typed: str, url: str) -> None:
    assert Gateway.at(typed).url == url


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "localhost:8080",
        "ftp://localhost:21",
        "http://",
        "http://localhost:seven",
        "http://localhost:99999",
        "http://localhost/api/v1",
        "http://ana:secret@localhost:8080",
        "http://localhost:8080?x=1",
    ],
)
def test_what_is_no_gateway_is_refused(typed: str) -> None:
    with pytest.raises(typer.BadParameter):
        Gateway.at(typed)


@pytest.mark.parametrize(
    ("details", "trailing", "told"),
    [
        ("Failed to connect to remote host: Connection refused", (), "nobody answers at"),
        ("Ssl handshake failed: CERTIFICATE_VERIFY_FAILED", (), "is not trusted"),
        ("Domain name not found", (), "there is no way to http://localhost:80: Domain name"),
        ("upstream connect error", (("x-request-id", "1"),), "not the server behind it"),
    ],
)
async def test_calls_that_reach_nobody_say_why(
    details: str, trailing: tuple[tuple[str, str], ...], told: str
) -> None:
    async def fail() -> None:
        unavailable = grpc.StatusCode.UNAVAILABLE
        raise AioRpcError(unavailable, Metadata(), Metadata(*trailing), details, "")

    with pytest.raises(CommandError, match=told) as failure:
        async with answering(Gateway.at("http://localhost")):
            await fail()
    assert failure.value.mend
