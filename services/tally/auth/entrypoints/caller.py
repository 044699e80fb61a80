"""Who calls, and from where."""

from tally.auth.domain.access import Grants
from tally.auth.domain.model import USER, Client
from tally.auth.domain.service_accounts import SERVICE
from tally.kernel.errors import PermissionDenied
from tally.kernel.grpc.access import current_principal
from tally.kernel.grpc.call import ServicerContext, caller_address

MAX_USER_AGENT = 200


def own_grants() -> Grants:
    """What the caller may do."""
    principal = current_principal()
    return Grants(principal.permissions, principal.sites)


def own_session_id() -> str:
    """The session that the caller's token belongs to; empty for service accounts."""
    return current_principal().session_id


def user_id_of_caller() -> str:
    """The user who calls; empty for service accounts."""
    subject = current_principal().subject
    return subject.removeprefix(USER) if subject.startswith(USER) else ""


def account_id_of_caller() -> str:
    """The service account that calls; empty for users."""
    subject = current_principal().subject
    return subject.removeprefix(SERVICE) if subject.startswith(SERVICE) else ""


def own_user_id() -> str:
    """The user who calls.

    Raises:
        PermissionDenied: The caller is no user but a service.
    """
    user_id = user_id_of_caller()
    if not user_id:
        raise PermissionDenied(f"{current_principal().subject} is no user: log in as one")
    return user_id


def client(context: ServicerContext) -> Client:
    """What the caller logs in with."""
    metadata = dict(context.invocation_metadata() or ())
    user_agent = metadata.get("user-agent", "")
    return Client(caller_address(context), str(user_agent)[:MAX_USER_AGENT])
