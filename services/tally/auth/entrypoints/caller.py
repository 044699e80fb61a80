"""Who calls, and from where."""

from tally.kernel.errors import PermissionDenied
from tally.kernel.grpc.access import current_principal
from tally.kernel.grpc.call import ServicerContext

_USER = "user:"


def own_permissions() -> frozenset[str]:
    """What the caller may do."""
    return current_principal().permissions


def own_user_id() -> str:
    """The user who calls.

    Raises:
        PermissionDenied: The caller is no user but a service.
    """
    subject = current_principal().subject
    if not subject.startswith(_USER):
        raise PermissionDenied(f"{subject} is no user: log in as one")
    return subject.removeprefix(_USER)


def address(context: ServicerContext) -> str:
    """Where the caller is: what the gateway says it saw, else the other end of the connection.

    The gateway adds what it saw behind whatever a caller claims, so the last entry counts. Who reaches this server
    without the gateway can claim anything, and is held back by the limit on each account alone.
    """
    for key, value in context.invocation_metadata() or ():
        if key == "x-forwarded-for" and isinstance(value, str):
            return value.rpartition(",")[2].strip()
    return context.peer().rpartition(":")[0]
