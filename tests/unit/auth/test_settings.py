"""Settings that would leave a door open are refused."""

import pytest
from pydantic import SecretStr, ValidationError

from tally.auth.settings import AuthSettings

PASSWORD = "seven blue herons"


def settings(*, secret: str = "x" * 32, password: str = PASSWORD) -> AuthSettings:
    return AuthSettings(
        database_url=SecretStr("postgresql+asyncpg://"),
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
