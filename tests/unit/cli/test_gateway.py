"""Gateways as typed."""

import pytest
import typer

from tally.cli.gateway import Gateway


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
