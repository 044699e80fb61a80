"""The signing keys, encrypted at rest."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tally.auth.adapters.tables import signing_keys
from tally.auth.domain.keys import SigningKey
from tally.kernel.ids import new_id


class WrongSecret(Exception):
    """The stored keys were encrypted with another secret."""


def key_cipher(secret: str) -> Fernet:
    """What encrypts the keys (AES-128-CBC with HMAC-SHA256).

    Args:
        secret: At least 32 random characters.
    """
    derive = HKDF(SHA256(), length=32, salt=None, info=b"tally auth signing keys")
    return Fernet(urlsafe_b64encode(derive.derive(secret.encode())))


def make_signing_key(signs_from: datetime) -> SigningKey:
    """A fresh key pair on P-256."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return SigningKey(new_id(), pem, signs_from)


class PostgresSigningKeys:
    """The `signing_keys` table."""

    def __init__(self, connection: AsyncConnection, cipher: Fernet) -> None:
        self._connection = connection
        self._cipher = cipher

    async def hold(self) -> Sequence[SigningKey]:
        """All keys, oldest first; other servers wait here.

        Raises:
            WrongSecret: They were encrypted with another secret.
        """
        await self._connection.execute(text("LOCK TABLE signing_keys IN EXCLUSIVE MODE"))
        rows = await self._connection.execute(
            select(signing_keys).order_by(signing_keys.c.signs_from)
        )
        try:
            return [
                SigningKey(row.id, self._cipher.decrypt(row.encrypted_private_key), row.signs_from)
                for row in rows
            ]
        except InvalidToken as error:
            raise WrongSecret(
                "the signing keys were encrypted with another secret: give the server the one that it had before, "
                "or delete the rows of signing_keys, which ends all access tokens that are out"
            ) from error

    async def add(self, key: SigningKey) -> None:
        """Keep a new key."""
        await self._connection.execute(
            insert(signing_keys).values(
                id=key.id,
                encrypted_private_key=self._cipher.encrypt(key.private_key),
                signs_from=key.signs_from,
            )
        )

    async def remove(self, key_id: str) -> None:
        """Forget a key."""
        await self._connection.execute(delete(signing_keys).where(signing_keys.c.id == key_id))
