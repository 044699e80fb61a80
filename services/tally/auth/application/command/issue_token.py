"""Exchanges a service account's key for an access token."""

from dataclasses import dataclass

from tally.auth.application.throttle import Throttle
from tally.auth.domain.errors import ApiKeyInvalid
from tally.auth.domain.ports import AccessTokens, Begin
from tally.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class IssueToken:
    """Gives a token for a key that holds; what it permits is looked up afresh."""

    begin: Begin
    clock: Clock
    throttle: Throttle
    access_tokens: AccessTokens

    async def __call__(self, text: str, address: str) -> str:
        """The token.

        Args:
            text: The key.
            address: Where the caller is.

        Raises:
            ApiKeyInvalid: The key does not hold; nothing tells why.
            TooManyAttempts: Somebody at this address guesses.
        """
        now = self.clock()
        async with self.begin() as work:
            key = await work.service_accounts.find_key(text)
            account = await work.service_accounts.get(key.service_account_id) if key else None
            if key and account and key.holds(now) and not account.disabled:
                grants = await work.roles.grants(account.role_bindings)
                if key.use_is_news(now):
                    await work.service_accounts.note_use(key.id, now)
                return self.access_tokens.issue(account.subject, grants.limited_to(key.scopes))
        await self.throttle.admit_other("key", address)
        raise ApiKeyInvalid
