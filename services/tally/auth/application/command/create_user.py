"""Creates a user."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.auth.domain.access import Role, check_within, permissions_of
from tally.auth.domain.model import User
from tally.auth.domain.passwords import check_password
from tally.auth.domain.ports import Begin, Passwords
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a user is to be."""

    email: str
    display_name: str
    roles: frozenset[Role]
    password: str


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Creates a user."""

    begin: Begin
    clock: Clock
    passwords: Passwords
    new_id: Callable[[], str]

    async def __call__(self, wanted: NewUser, own_permissions: frozenset[str]) -> User:
        """The new user.

        Args:
            wanted: What they are to be.
            own_permissions: Of whoever creates them.

        Raises:
            BeyondOwnPermissions: The roles permit more than that.
            PasswordTooCommon: The password is among those that attackers try first.
            EmailTaken: Another user has the address.
            TooManyLogins: Too many passwords wait already.
        """
        email = wanted.email.strip().lower()
        check_within(own_permissions, permissions_of(wanted.roles))
        check_password(wanted.password, email)
        password_hash = await self.passwords.hash(wanted.password)
        now = self.clock()
        user = User(
            id=self.new_id(),
            email=email,
            display_name=wanted.display_name,
            password_hash=password_hash,
            roles=wanted.roles,
            password_change_required=True,
            create_time=now,
            update_time=now,
        )
        async with self.begin() as work:
            await work.users.add(user)
        return user
