"""Identifiers: random ones that sort by time, and derived ones that a retry makes again."""

from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

_NAMESPACE = UUID("9a6c6b52-7f4e-5c61-8f0e-2d1a4b7e3c90")


def new_id() -> str:
    """A fresh UUIDv7 (RFC 9562): unique, and ordered by the time of its making."""
    return str(uuid7())


def derived_id(*parts: str | int) -> str:
    """The UUIDv5 (RFC 9562) of the given parts: the same parts always make the same id.

    Each part is prefixed with its length, so that ("ab", "c") and ("a", "bc") differ.
    """
    name = "".join(f"{len(str(part))}:{part}" for part in parts)
    return str(uuid5(_NAMESPACE, name))
