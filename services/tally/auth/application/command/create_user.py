"""Creates a user."""

from collections.abc import Callable
from dataclasses import dataclass

from tally.auth.domain.access import Grants, RoleBinding
from tally.auth.domain.model import User
from tally.auth.domain.passwords import check_password
from tally.auth.domain.ports import Begin, Passwords
from tally.kernel.clock import Clock
from tally.kernel.idempotency import UNNAMED, CreateRequest


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a user is to be."""

    email: str
    display_name: str
    role_bindings: frozenset[RoleBinding]
    password: str


@dataclass(frozen=True, slots=True)
class CreateUser:
    """Creates a user."""

    begin: Begin
    clock: Clock
    passwords: Passwords
    new_id: Callable[[], str]

    async def __call__(
        self, wanted: NewUser, own: Grants, request: CreateRequest = UNNAMED
    ) -> User:
        """The new user, or the one that the same request created before, as they are now.

        Args:
            wanted: What they are to be.
            own: What whoever creates them may do.
            request: What makes repeating it harmless.

        Raises:
            RoleNotFound: A role is none.
            BeyondOwnPermissions: The roles permit more than that.
            PasswordTooCommon: The password is among those that attackers try first.
            EmailTaken: Another user has the address.
            TooManyLogins: Too many passwords wait already.
            RequestIdReused: The request id stands for a request with other content.
            UserNotFound: The same request created a user who was deleted since.
        """
        email = wanted.email.strip().lower()
        check_password(wanted.password, email)
        password_hash = await self.passwords.hash(wanted.password)
        now = self.clock()
        user = User(
            id=self.new_id(),
            email=email,
            display_name=wanted.display_name,
            password_hash=password_hash,
            role_bindings=wanted.role_bindings,
            password_change_required=True,
            create_time=now,
            update_time=now,
        )
        async with self.begin() as work:
            own.check_holds(await work.roles.grants(user.role_bindings))
            before = await work.create_requests.claim(request, user.id, now)
            if before is not None:
                return await work.users.get(before)
            await work.users.add(user)
        return user
