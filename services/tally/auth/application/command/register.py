"""Creates an account for somebody who asks for one."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tally.auth.application.throttle import Throttle
from tally.auth.domain.access import GUEST, RoleBinding
from tally.auth.domain.errors import RegistrationClosed, TokenInvalid
from tally.auth.domain.model import User
from tally.auth.domain.one_time_tokens import Purpose
from tally.auth.domain.passwords import check_password
from tally.auth.domain.ports import Begin, Passwords, UnitOfWork
from tally.kernel.clock import Clock


class Registration(StrEnum):
    """Who may register."""

    OPEN = "open"
    INVITE = "invite"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Registrant:
    """Who asks for an account.

    Attributes:
        email: Their address.
        display_name: What people are to call them.
        password: Chosen by them.
        invitation: The token that they were sent; empty if none was.
        address: Where they are.
    """

    email: str
    display_name: str
    password: str
    invitation: str
    address: str


@dataclass(frozen=True, slots=True)
class Register:
    """Creates an account: with the roles of the invitation, or as a guest."""

    begin: Begin
    clock: Clock
    throttle: Throttle
    passwords: Passwords
    new_id: Callable[[], str]
    registration: Registration

    async def __call__(self, who: Registrant) -> User:
        """The new user.

        Raises:
            RegistrationClosed: Nobody may register, or only who was invited.
            TokenInvalid: The invitation does not hold, or was sent to another address.
            PasswordTooCommon: The password is among those that attackers try first.
            EmailTaken: Another user has the address.
            TooManyAttempts: There have been too many from this address.
            TooManyLogins: Too many passwords wait for being hashed.
        """
        invited = bool(who.invitation)
        if self.registration is Registration.OFF or (
            self.registration is Registration.INVITE and not invited
        ):
            raise RegistrationClosed
        email = who.email.strip().lower()
        await self.throttle.admit_other("registration", who.address)
        check_password(who.password, email)
        password_hash = await self.passwords.hash(who.password)
        now = self.clock()
        async with self.begin() as work:
            user = User(
                id=self.new_id(),
                email=email,
                display_name=who.display_name,
                password_hash=password_hash,
                role_bindings=await self._role_bindings(work, email, who.invitation),
                password_change_required=False,
                create_time=now,
                update_time=now,
            )
            await work.roles.grants(
                user.role_bindings
            )  # so that they stay until the user holds them
            await work.users.add(user)
        return user

    async def _role_bindings(
        self, work: UnitOfWork, email: str, invitation: str
    ) -> frozenset[RoleBinding]:
        if not invitation:
            return frozenset({RoleBinding(GUEST)})
        token = await work.one_time_tokens.take(Purpose.INVITATION, invitation)
        if token is None or token.expire_time <= self.clock() or token.email != email:
            raise TokenInvalid
        return token.role_bindings
