"""Envelope encryption of small secrets, with keys that can be replaced.

Each secret is encrypted with a data key of its own, and the data key with a key of the ring. So another key of the ring
can take over without anybody seeing the secret. Both steps are AES-256-GCM (NIST SP 800-38D) with random nonces.

A sealed secret is: format (1 byte, 1), length of the key's id (1 byte), the id, nonce (12 bytes) and encrypted data key
(48 bytes), nonce (12 bytes) and encrypted secret.
"""

import os
import re
from collections.abc import Mapping
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORMAT = 1
_NONCE = 12
_WRAPPED_KEY = _NONCE + 32 + 16
_KEY = re.compile(r"(?P<id>[A-Za-z0-9._-]{1,64}):(?P<secret>\S{32,})")


class KeyRingInvalid(ValueError):
    """The text of a key ring cannot be understood; the message repeats none of it."""


class NoKey(Exception):
    """The ring is empty, or lacks the key that a secret was sealed with."""


class Unsealable(Exception):
    """What should be opened was changed, is cut off, or was sealed for something else."""


class KeyRing:
    """The keys that seal and open secrets. The first one seals; the others still open.

    Args:
        secrets: Random text of at least 32 characters, by the keys' ids, in order.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._keys = {id_: AESGCM(_derived(secret)) for id_, secret in secrets.items()}
        self._first = next(iter(secrets), None)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The ring that `text` lists: `id:secret`, the first one first, with white space between them.

        Raises:
            KeyRingInvalid: It lists something else, or an id twice.
        """
        secrets: dict[str, str] = {}
        for number, entry in enumerate(text.split(), 1):
            key = _KEY.fullmatch(entry)
            if key is None:
                raise KeyRingInvalid(
                    f"key {number} is not written as id:secret, with a secret of 32 characters or more"
                )
            if key["id"] in secrets:
                raise KeyRingInvalid(f"key {number} has the id of another: give each its own")
            secrets[key["id"]] = key["secret"]
        return cls(secrets)

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """Encrypt `secret`, so that it opens for the same `purpose` alone.

        Raises:
            NoKey: The ring is empty.
        """
        data_key = AESGCM.generate_key(256)
        return self._wrapped(data_key, purpose) + _encrypted(AESGCM(data_key), secret, purpose)

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """The secret again.

        Raises:
            NoKey: The ring lacks the key that it was sealed with.
            Unsealable: It was changed, is cut off, or was sealed for another purpose.
        """
        data_key, secret = self._unwrapped(sealed, purpose)
        return _decrypted(AESGCM(data_key), secret, purpose)

    def reseal(self, sealed: bytes, purpose: str) -> bytes:
        """The same secret under the ring's first key; `sealed` itself if that sealed it.

        Raises:
            NoKey: The ring lacks the key that it was sealed with.
            Unsealable: It was changed, is cut off, or was sealed for another purpose.
        """
        if key_id(sealed) == self._first:
            return sealed
        data_key, secret = self._unwrapped(sealed, purpose)
        return self._wrapped(data_key, purpose) + secret

    def _wrapped(self, data_key: bytes, purpose: str) -> bytes:
        if self._first is None:
            raise NoKey("there is no key to encrypt with")
        id_ = self._first.encode()
        header = bytes([_FORMAT, len(id_)]) + id_
        return header + _encrypted(self._keys[self._first], data_key, purpose)

    def _unwrapped(self, sealed: bytes, purpose: str) -> tuple[bytes, bytes]:
        """The data key, and what it encrypts."""
        id_ = key_id(sealed)
        key = self._keys.get(id_)
        if key is None:
            raise NoKey(f"there is no key with the id {id_}")
        body = sealed[2 + len(id_) :]
        return _decrypted(key, body[:_WRAPPED_KEY], purpose), body[_WRAPPED_KEY:]


def key_id(sealed: bytes) -> str:
    """Id of the key that a secret was sealed with.

    Raises:
        Unsealable: This is no sealed secret.
    """
    if len(sealed) < 2 or sealed[0] != _FORMAT or len(sealed) < 2 + sealed[1]:
        raise Unsealable("this is no sealed secret")
    return sealed[2 : 2 + sealed[1]].decode("ascii", errors="replace")


def _derived(secret: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"tally sealing").derive(secret.encode())


def _encrypted(key: AESGCM, content: bytes, purpose: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + key.encrypt(nonce, content, purpose.encode())


def _decrypted(key: AESGCM, content: bytes, purpose: str) -> bytes:
    try:
        return key.decrypt(content[:_NONCE], content[_NONCE:], purpose.encode())
    except (InvalidTag, ValueError):
        raise Unsealable("it was changed, is cut off, or was sealed for something else") from None
