"""Settings of the auth context's server."""

from typing import Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from tally.auth.application.command.register import Registration
from tally.auth.domain.access import PERMISSIONS
from tally.auth.domain.service_accounts import KEY_TEXT
from tally.kernel.settings import ServiceSettings


class KeySettings(BaseModel):
    """A key that the deployment brings along for one of its programs.

    Attributes:
        account: Name of the service account; it is created if it is missing.
        role: The role that it gets then.
        scopes: Permissions that the key is limited to.
        key: The key: `tally_`, 8 characters that tell keys apart, `_`, and 24 or more that nobody guesses.
    """

    account: str
    role: str
    scopes: frozenset[str]
    key: SecretStr = Field(max_length=128)

    @field_validator("key")
    @classmethod
    def _key_is_recognised(cls, key: SecretStr) -> SecretStr:
        if not KEY_TEXT.fullmatch(key.get_secret_value()):
            raise ValueError(
                "a key is tally_, 8 characters, _ and 24 characters or more that nobody guesses"
            )
        return key

    @field_validator("scopes")
    @classmethod
    def _scopes_are_permissions(cls, scopes: frozenset[str]) -> frozenset[str]:
        unknown = ", ".join(sorted(scopes - set(PERMISSIONS)))
        if unknown:
            raise ValueError(f"{unknown}: there are {', '.join(PERMISSIONS)}")
        return scopes


class AuthSettings(ServiceSettings):
    """What the auth server needs to know, from `TALLY_AUTH_…`.

    Attributes:
        secret: Encrypts the signing keys in the database; the same for all servers of the context.
        first_admin_email: Address of the super admin who is created while there is none; absent, nobody is.
        first_admin_password: Their password, 12 characters or more, which they should change.
        registration: Who may register: anybody (`open`), who was invited (`invite`), nobody (`off`).
        keys: Keys of the deployment's own programs, as JSON.
    """

    # Errors about settings are logged, and their input would show the secrets beside what is wrong.
    model_config = SettingsConfigDict(env_prefix="TALLY_AUTH_")

    listen: str = "127.0.0.1:3001"
    secret: SecretStr = Field(min_length=32)
    first_admin_email: str | None = None
    first_admin_password: SecretStr = Field(default=SecretStr(""), max_length=256)
    registration: Registration = Registration.INVITE
    keys: tuple[KeySettings, ...] = ()

    @model_validator(mode="after")
    def _first_admin_has_a_password(self) -> Self:
        if self.first_admin_email and len(self.first_admin_password.get_secret_value()) < 12:
            raise ValueError(
                "the first admin needs a password of 12 characters or more: set first_admin_password"
            )
        return self

    @model_validator(mode="after")
    def _keys_are_different(self) -> Self:
        accounts = {key.account for key in self.keys}
        texts = {key.key.get_secret_value() for key in self.keys}
        if not len(self.keys) == len(accounts) == len(texts):
            raise ValueError("each of the keys must be for another account, and be another key")
        return self
