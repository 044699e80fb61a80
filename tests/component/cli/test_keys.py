"""Service accounts' keys on the command line."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.component.cli.conftest import PASSWORD, Tally

pytestmark = pytest.mark.usefixtures("administrator")


@pytest.fixture
def account() -> str:
    """The name of a service account of the test's own."""
    return f"job-{uuid4().hex[:12]}"


def keys_of(tally: Tally, account: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        tally("keys", "list", "--account", account, "--json").stdout
    )
    return found


def create(tally: Tally, account: str, *options: str) -> str:
    """A new key."""
    done = tally("keys", "create", "--account", account, *options)
    assert done.exit_code == 0, done.output
    (secret,) = done.stdout.splitlines()
    return secret


def test_a_key_calls_as_its_account_until_it_is_revoked(
    tally: Tally, account: str, environment: dict[str, str | None]
) -> None:
    scope = ("--scope", "analytics:read")
    secret = create(tally, account, "--role", "operator", *scope, "--expires", "90d")
    (key,) = keys_of(tally, account)
    assert key["scopes"] == ["analytics:read"]
    assert key["expireTime"] > key["createTime"]
    listed = tally("keys", "list", "--account", account).stdout
    assert key["prefix"] in listed
    assert secret not in listed

    environment["TALLY_API_KEY"] = secret
    shown = tally("whoami").stdout
    assert f"the service account {account}" in shown
    assert json.loads(tally("whoami", "--json").stdout)["permissions"] == ["analytics:read"]

    environment["TALLY_API_KEY"] = None
    revoked = tally("keys", "revoke", key["prefix"])
    assert (revoked.exit_code, revoked.stdout) == (0, f"revoked {key['prefix']}, {account}\n")
    assert keys_of(tally, account) == []
    environment["TALLY_API_KEY"] = secret
    refused = tally("whoami")
    assert refused.exit_code == 1
    assert "TALLY_API_KEY" in refused.stderr


def test_an_account_is_made_once_and_keeps_its_roles(tally: Tally, account: str) -> None:
    missing = tally("keys", "create", "--account", account)
    assert missing.exit_code == 1
    assert "--role" in missing.stderr
    create(tally, account, "--role", "viewer")
    create(tally, account, "--role", "viewer", "--name", "second")
    create(tally, account, "--name", "third")
    other = tally("keys", "create", "--account", account, "--role", "admin")
    assert other.exit_code == 1
    assert f"{account} is there already, as viewer" in other.stderr
    assert sorted(key["name"] for key in keys_of(tally, account)) == [account, "second", "third"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["create", "--account", "x", "--role", "viewer", "--expires", "soon"],
            "'soon' is not like",
        ),
        (["revoke", "tally_nobody"], "no keys are tally_nobody"),
        (["list", "--account", "nobody"], "no service account is called nobody"),
    ],
)
def test_refusals_say_what_to_mend(arguments: list[str], told: str, tally: Tally) -> None:
    done = tally("keys", *arguments)
    assert done.exit_code in {1, 2}
    assert done.stderr.startswith("error: ")
    assert told in done.stderr


def test_nobody_makes_keys_beyond_their_own_permissions(
    tally: Tally, account: str, created: Callable[..., str]
) -> None:
    email = created("admin")
    tally("login", "--email", email, "--password-stdin", input=f"{PASSWORD}\n")
    done = tally("keys", "create", "--account", account, "--role", "super-admin")
    assert done.exit_code == 1
    assert "system:admin" in done.stderr
