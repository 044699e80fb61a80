"""Guards against lost updates."""

from tally.auth.domain.errors import EtagMismatch


class Versioned:
    """Something that counts its changes.

    Attributes:
        version: From 1.
    """

    __slots__ = ()
    version: int

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return str(self.version)

    def check_etag(self, etag: str) -> None:
        """Refuse an etag that is not the present one; an empty one asks for nothing.

        Raises:
            EtagMismatch: It is another.
        """
        if etag and etag != self.etag:
            raise EtagMismatch
