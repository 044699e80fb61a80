"""Settings that would leave a door open are refused."""

import json
import re

import pytest
from pydantic import SecretStr, ValidationError

from tally.auth.domain.service_accounts import key_text
from tally.auth.settings import AuthSettings

PASSWORD = "seven blue herons"
KEY, OTHER_KEY = (key_text(each * 40) for each in "kl")


def settings(*, secret: str = "x" * 32, password: str = PASSWORD) -> AuthSettings:
    return AuthSettings(
        database_url=SecretStr("postgresql+asyncpg://"),
        nats_url=SecretStr("nats://"),
        secret=SecretStr(secret),
        first_admin_email="admin@localhost",
        first_admin_password=SecretStr(password),
    )


def test_secrets_are_never_shown() -> None:
    assert "heron" not in repr(settings())


@pytest.mark.parametrize("password", ["", "short"])
def test_the_first_admin_needs_a_password(password: str) -> None:
    with pytest.raises(ValidationError, match="12 characters"):
        settings(password=password)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValidationError):
        settings(secret="short")


def key(**differing: object) -> dict[str, object]:
    return {
        "account": "worker", "role": "admin", "scopes": ["camera:read"], "key": KEY
    } | differing  # fmt: skip


def with_keys(*keys: dict[str, object]) -> AuthSettings:
    return AuthSettings.model_validate(
        {
            "database_url": "postgresql+asyncpg://",
            "nats_url": "nats://",
            "secret": "x" * 32,
            "keys": keys,
        }
    )


def test_keys_come_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_AUTH_KEYS", json.dumps([key()]))
    (found,) = AuthSettings(
        database_url=SecretStr("postgresql+asyncpg://"),
        nats_url=SecretStr("nats://"),
        secret=SecretStr("x" * 32),
    ).keys
    assert (found.account, found.role, found.scopes) == (
        "worker",
        "admin",
        frozenset({"camera:read"}),
    )
    assert found.key.get_secret_value() == KEY


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ([key(key="short")], "24 characters or more"),
        ([key(scopes=["camera:paint"])], "camera:paint: there are analytics:read, "),
        ([key(), key(key=OTHER_KEY)], "another account"),
        ([key(), key(account="report")], "another key"),
    ],
)
def test_keys_that_give_no_sense_are_refused_without_being_shown(
    keys: list[dict[str, object]], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint) as refusal:
        with_keys(*keys)
    assert not {"short", KEY, "x" * 32} & set(re.findall(r"\w+", str(refusal.value)))
