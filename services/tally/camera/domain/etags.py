"""Which version of something a caller has seen."""

from hashlib import blake2b

from tally.camera.domain.errors import EtagMismatch


def etag_of(id_: str, version: int) -> str:
    """Stands for a version of something and tells nothing else."""
    return blake2b(f"{id_}/{version}".encode(), digest_size=8).hexdigest()


def require_etag(what: str, seen: str, present: str) -> None:
    """Refuse a caller who has seen another version.

    Args:
        what: What it is a version of, such as `camera`.
        seen: The caller's etag; empty stands for any.
        present: The etag of the present version.

    Raises:
        EtagMismatch: They differ.
    """
    if seen and seen != present:
        raise EtagMismatch(what)
