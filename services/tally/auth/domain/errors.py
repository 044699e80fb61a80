"""What can go wrong with logins and users; the reasons are those of the contract's `ErrorReason`."""

from collections.abc import Iterable

from tally.kernel.errors import (
    AlreadyExists,
    Conflict,
    FailedPrecondition,
    FieldViolation,
    InvalidInput,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)


class CredentialsWrong(Unauthenticated):
    """Address and password do not belong together, or the account is disabled."""

    reason = "CREDENTIALS_WRONG"

    def __init__(self) -> None:
        super().__init__("e-mail address and password do not belong together")


class RefreshTokenInvalid(Unauthenticated):
    """The refresh token is unknown, expired, revoked or used before."""

    reason = "REFRESH_TOKEN_INVALID"

    def __init__(self) -> None:
        super().__init__("the refresh token does not hold: log in again")


class TooManyAttempts(ResourceExhausted):
    """Too many failed logins for one account or from one address."""

    reason = "TOO_MANY_ATTEMPTS"

    def __init__(self) -> None:
        super().__init__("too many failed logins: wait a quarter of an hour")


class TooManyLogins(ResourceExhausted):
    """More passwords wait for being checked than can be checked in time."""

    reason = "TOO_MANY_LOGINS"

    def __init__(self) -> None:
        super().__init__("too many logins are under way: repeat in a moment")


class PasswordTooCommon(InvalidInput):
    """The new password is among those that attackers try first."""

    def __init__(self) -> None:
        super().__init__(
            [FieldViolation("password", "is among those that attackers try first: choose another")],
            reason="PASSWORD_TOO_COMMON",
        )


class UserNotFound(NotFound):
    """No user has this id."""

    reason = "USER_NOT_FOUND"

    def __init__(self, user_id: str) -> None:
        super().__init__(f"no user has the id {user_id}", metadata={"user_id": user_id})


class EmailTaken(AlreadyExists):
    """Another user has this address."""

    reason = "EMAIL_TAKEN"

    def __init__(self, email: str) -> None:
        super().__init__(f"another user has the address {email}")


class EtagMismatch(Conflict):
    """The user has changed since the caller read it."""

    reason = "ETAG_MISMATCH"

    def __init__(self) -> None:
        super().__init__("the user has changed since it was read: read it again, then repeat")


class LastSuperAdmin(FailedPrecondition):
    """Nobody would be left who may administer the system."""

    reason = "LAST_SUPER_ADMIN"

    def __init__(self) -> None:
        super().__init__(
            "this is the last super admin who can log in: make somebody else one first"
        )


class BeyondOwnPermissions(PermissionDenied):
    """The change touches permissions that the caller does not hold."""

    reason = "BEYOND_OWN_PERMISSIONS"

    def __init__(self, missing: Iterable[str]) -> None:
        permissions = ", ".join(sorted(missing))
        super().__init__(
            f"only who holds {permissions} may change this user so",
            metadata={"permissions": permissions},
        )
