"""What others have to do something about."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class UserInvited:
    """Somebody was invited to register: the token has to be sent to them."""

    email: str
    token: str
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class PasswordResetRequested:
    """A user wants another password: the token has to be sent to them."""

    user_id: str
    email: str
    token: str
    expire_time: datetime


AuthEvent = UserInvited | PasswordResetRequested
