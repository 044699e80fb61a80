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
    """The resource has changed since the caller read it."""

    reason = "ETAG_MISMATCH"

    def __init__(self) -> None:
        super().__init__("it has changed since it was read: read it again, then repeat")


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
            f"only who holds {permissions} may do this",
            metadata={"permissions": permissions},
        )


class RoleNotFound(NotFound):
    """No role has this id."""

    reason = "ROLE_NOT_FOUND"

    def __init__(self, role_id: str) -> None:
        super().__init__(f"no role has the id {role_id!r}", metadata={"role_id": role_id})


class RoleIdTaken(AlreadyExists):
    """Another role has this id."""

    reason = "ROLE_ID_TAKEN"

    def __init__(self, role_id: str) -> None:
        super().__init__(f"another role has the id {role_id}")


class RoleBuiltIn(FailedPrecondition):
    """The role is one of those that every system has."""

    reason = "ROLE_BUILT_IN"

    def __init__(self, role_id: str) -> None:
        super().__init__(f"every system has the role {role_id}, and nobody can change it")


class RoleInUse(FailedPrecondition):
    """Users or service accounts hold the role."""

    reason = "ROLE_IN_USE"

    def __init__(self, role_id: str) -> None:
        super().__init__(f"somebody holds the role {role_id}: take it from them first")


class ServiceAccountNotFound(NotFound):
    """No service account has this id."""

    reason = "SERVICE_ACCOUNT_NOT_FOUND"

    def __init__(self, account_id: str) -> None:
        super().__init__(
            f"no service account has the id {account_id}",
            metadata={"service_account_id": account_id},
        )


class ServiceAccountNameTaken(AlreadyExists):
    """Another service account has this name."""

    reason = "SERVICE_ACCOUNT_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(f"another service account is called {name!r}")


class ApiKeyInvalid(Unauthenticated):
    """The key is unknown, expired or revoked, or its account is disabled."""

    reason = "API_KEY_INVALID"

    def __init__(self) -> None:
        super().__init__("the key does not hold: ask whoever manages service accounts for another")


class SessionOfAnother(PermissionDenied):
    """The session is somebody else's, and the caller may not manage users."""

    reason = "BEYOND_OWN_PERMISSIONS"

    def __init__(self) -> None:
        super().__init__("sessions of others need the permissions user:read and user:write")


class RegistrationClosed(PermissionDenied):
    """Registration is closed, or open only to who was invited."""

    reason = "REGISTRATION_CLOSED"

    def __init__(self) -> None:
        super().__init__("only who was invited can register: ask an administrator")


class TokenInvalid(Unauthenticated):
    """The token is unknown, expired or used before."""

    reason = "TOKEN_INVALID"

    def __init__(self) -> None:
        super().__init__("the token does not hold: ask for another")
