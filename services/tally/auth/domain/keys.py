"""Keys that sign access tokens, and when each of them does.

A key is published, signs after every cache of the key set has it, and stays published after its successor signs, until
the last token it signed has expired. So no verifier ever meets a token whose key it cannot know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from tally.auth.domain.model import ACCESS_TOKEN_LIFETIME

SIGNING_PERIOD = timedelta(days=30)
"""How long a key signs."""
PUBLISHED_AHEAD = timedelta(minutes=15)
"""How long before it signs a key is published; caches live for five minutes."""
PUBLISHED_BEHIND = ACCESS_TOKEN_LIFETIME + timedelta(minutes=5)
"""How long after its successor signs a key stays published; the margin is for clocks that disagree."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair on the curve P-256.

    Attributes:
        id: Names the key in token headers.
        private_key: PKCS#8, PEM.
        signs_from: When it starts to sign.
    """

    id: str
    private_key: bytes
    signs_from: datetime


def signing(keys: Sequence[SigningKey], now: datetime) -> SigningKey:
    """The key that signs now: the newest that may.

    Args:
        keys: At least one, oldest first.
        now: The present moment.
    """
    return next((key for key in reversed(keys) if key.signs_from <= now), keys[0])


def successor_from(keys: Sequence[SigningKey], now: datetime) -> datetime | None:
    """When a key that is made now starts to sign; None while none is needed."""
    if not keys:
        return now
    due = keys[-1].signs_from + SIGNING_PERIOD
    return max(due, now + PUBLISHED_AHEAD) if now >= due - PUBLISHED_AHEAD else None


def retired(keys: Sequence[SigningKey], now: datetime) -> list[SigningKey]:
    """The keys, of those given oldest first, that no valid token needs any more."""
    return [
        key for key, successor in pairwise(keys) if now >= successor.signs_from + PUBLISHED_BEHIND
    ]
