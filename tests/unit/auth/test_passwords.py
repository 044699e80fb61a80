"""Password hashes: slow on purpose, bounded, and never in the way of other calls."""

import asyncio
from collections.abc import Iterator
from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters

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


class Noting(PasswordHasher):
    """Notes the parameters of each hash that a password is tried against."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.tried: list[Parameters] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - argon2's name
        self.tried.append(extract_parameters(str(hash)))
        return super().verify(hash, password)


async def test_unknown_users_cost_the_same_work_as_known_ones() -> None:
    hasher = Noting()
    passwords = ArgonPasswords(hasher)
    try:
        known = await passwords.hash("seven blue herons")
        assert not await passwords.verify(known, "guess")
        assert not await passwords.verify(None, "guess")
    finally:
        passwords.close()
    assert hasher.tried == [extract_parameters(known)] * 2


async def test_a_flood_is_refused_beyond_what_can_wait(passwords: ArgonPasswords) -> None:
    results = await asyncio.gather(
        *(passwords.verify(None, "guess") for _ in range(MOST_WAITING + 20)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, TooManyLogins) for result in results) == 20
    assert results.count(False) == MOST_WAITING
    assert not await passwords.verify(None, "guess")
