"""What cameras ask for before they show their pictures."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user of a camera; without a username, nobody.

    Attributes:
        username: The user's name.
        password: Their password.
    """

    username: str = field(repr=False)
    password: str = field(repr=False)

    def __bool__(self) -> bool:
        """Whether there is a user."""
        return bool(self.username)


NO_CREDENTIALS = Credentials("", "")
