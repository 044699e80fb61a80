"""Users on the command line."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.component.cli.conftest import ADMIN, PASSWORD, Tally

pytestmark = pytest.mark.usefixtures("administrator")


def shown(tally: Tally, email: str) -> dict[str, Any]:
    """The user as the list shows them."""
    (user,) = [
        each
        for each in json.loads(tally("users", "list", "--json").stdout)
        if each["email"] == email
    ]
    found: dict[str, Any] = user
    return found


def test_a_user_is_created_listed_changed_disabled_enabled_and_deleted(
    tally: Tally, created: Callable[..., str]
) -> None:
    email = created("viewer", "operator")
    assert [each["roleId"] for each in shown(tally, email)["roleBindings"]] == [
        "operator",
        "viewer",
    ]
    (row,) = [line for line in tally("users", "list").stdout.splitlines() if email in line]
    assert "operator viewer" in row

    assert tally("users", "update", email, "--name", "Ana [red]", "--role", "guest").exit_code == 0
    changed = shown(tally, email)
    assert changed["displayName"] == "Ana [red]"
    assert changed["roleBindings"] == [{"roleId": "guest"}]
    assert "Ana [red]" in tally("users", "list").stdout

    assert tally("users", "disable", changed["id"]).stdout == f"disabled {email}\n"
    assert shown(tally, email)["disabled"]
    assert tally("users", "enable", email.upper()).exit_code == 0
    assert "disabled" not in shown(tally, email)

    assert tally("users", "delete", email, input="n\n").exit_code == 1
    assert shown(tally, email)
    assert tally("users", "delete", email, "--yes").stdout == f"deleted {email}\n"
    assert email not in tally("users", "list").stdout


def test_somebody_is_invited_with_a_role_at_a_site(tally: Tally) -> None:
    role = "viewer@0190d2c5-0000-7000-8000-000000000001"
    done = tally("users", "invite", "bea@example.org", "--role", role)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("invited bea@example.org; the invitation ends 2")


def test_a_role_held_at_a_site_is_shown_as_it_was_typed(
    tally: Tally, created: Callable[..., str]
) -> None:
    role = "viewer@0190d2c5-0000-7000-8000-000000000001"
    email = created(role)
    assert role in tally("users", "list").stdout
    tally("login", "--email", email, "--password-stdin", input=f"{PASSWORD}\n")
    assert (
        "at site 0190d2c5-0000-7000-8000-000000000001: analytics:read camera:read"
        in tally("whoami").stdout
    )


@pytest.mark.parametrize(
    ("arguments", "told", "mend"),
    [
        (
            ["update", "nobody@example.org", "--name", "N"],
            "no user has the address",
            "tally users list",
        ),
        (["invite", "x@example.org", "--role", "nobody"], "nobody", "tally roles list"),
        (["update", ADMIN], "nothing to change", ""),
        (["disable", ADMIN], "last super admin", ""),
        (["create", "no-address", "--password-stdin"], "user.email: ", ""),
        (["create", ADMIN, "--password-stdin"], f"another user has the address {ADMIN}", ""),
        (["create", "x@example.org", "--role", "@", "--password-stdin"], "'@' is not ROLE", ""),
        (["delete", "0190d2c5-0000-7000-8000-000000000000", "--yes"], "no user has the id", ""),
    ],
)
def test_refusals_say_what_to_mend(
    arguments: list[str], told: str, mend: str, tally: Tally
) -> None:
    done = tally("users", *arguments, input=f"{PASSWORD}\n")
    assert done.exit_code in {1, 2}
    error, *further = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert told in error
    assert not mend or further == [f"mend:  {mend}"]


def test_who_may_not_is_told_so(tally: Tally, created: Callable[..., str]) -> None:
    email = created("viewer")
    tally("login", "--email", email, "--password-stdin", input=f"{PASSWORD}\n")
    done = tally("users", "list")
    assert done.exit_code == 1
    assert "user:read" in done.stderr
    assert "tally whoami" in done.stderr
