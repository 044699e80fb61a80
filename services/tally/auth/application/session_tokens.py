"""Makes the access tokens of sessions."""

from tally.auth.domain.model import User
from tally.auth.domain.ports import AccessTokens, UnitOfWork


async def session_token(
    access_tokens: AccessTokens, work: UnitOfWork, user: User, session_id: str
) -> str:
    """A token for what the user's roles permit now; for nothing while somebody else knows the password."""
    if user.password_change_required:
        return access_tokens.issue_restricted(user.subject, session_id)
    grants = await work.roles.grants(user.role_bindings)
    return access_tokens.issue(user.subject, grants, session_id)
