"""Password hashes: slow on purpose, bounded, and never in the way of other calls."""

import asyncio
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from tally.auth.adapters.passwords import MOST_WAITING, ArgonPasswords
from tally.auth.domain.errors import TooManyLogins

WEAK = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


@pytest.fixture
def passwords() -> Iterator[ArgonPasswords]:
    made = ArgonPasswords()
    yield made
    made.close()


async def test_a_hash_knows_its_password_and_its_parameters(passwords: ArgonPasswords) -> None:
    made = await passwords.hash("seven blue herons")
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(made, "seven blue herons")
    assert not await passwords.verify(made, "seven blue heron")
    assert not passwords.outdated(made)
    assert passwords.outdated(WEAK.hash("seven blue herons"))


async def test_without_a_hash_no_password_holds(passwords: ArgonPasswords) -> None:
    assert not await passwords.verify(None, "nobody's password")


async def test_a_flood_is_refused_beyond_what_can_wait(passwords: ArgonPasswords) -> None:
    results = await asyncio.gather(
        *(passwords.verify(None, "guess") for _ in range(MOST_WAITING + 20)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, TooManyLogins) for result in results) == 20
    assert results.count(False) == MOST_WAITING
    assert not await passwords.verify(None, "guess")
