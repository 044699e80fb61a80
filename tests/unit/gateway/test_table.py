"""The table refuses what would expose the gateway."""

import pytest
from pydantic import ValidationError

from gateway_envoy import load_table


@pytest.mark.parametrize("name", ["listen", "admin"])
@pytest.mark.parametrize("address", ["0.0.0.0:8080", "[::]:8080", "192.0.2.7:8080"])
def test_what_speaks_in_clear_listens_on_loopback_alone(name: str, address: str) -> None:
    with pytest.raises(ValidationError, match="loopback only; use tls"):
        load_table().changed(**{name: address})


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.9:1", "[::1]:1"])
def test_loopback_is_allowed(address: str) -> None:
    assert load_table().changed(listen=address).listen == address


def test_tls_may_listen_anywhere() -> None:
    table = load_table()
    tls = table.tls.model_copy(update={"listen": "0.0.0.0:8443"})
    assert table.changed(tls=tls).tls.listen == "0.0.0.0:8443"
