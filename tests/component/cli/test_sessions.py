"""Sessions on the command line."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.component.cli.conftest import ADMIN, PASSWORD, Tally

pytestmark = pytest.mark.usefixtures("administrator")


def sessions_of(tally: Tally, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(tally("sessions", "list", "--json", *options).stdout)
    return found


def test_ones_own_session_is_marked_and_its_end_shown(tally: Tally) -> None:
    (current,) = [each for each in sessions_of(tally) if each.get("current")]
    (row,) = [line for line in tally("sessions", "list").stdout.splitlines() if "this one" in line]
    assert current["id"] in row
    (end,) = [line for line in tally("whoami").stdout.splitlines() if "session ends" in line]
    expiry = datetime.fromisoformat(current["expireTime"]).astimezone()
    assert end == f"session ends  {expiry:%Y-%m-%d %H:%M}"


def test_an_administrator_ends_the_sessions_of_others(
    tally: Tally,
    created: Callable[..., str],
    environment: dict[str, str | None],
    home: Path,
    tmp_path: Path,
) -> None:
    email = created("viewer")
    environment["XDG_CONFIG_HOME"] = str(tmp_path / "elsewhere")
    tally("login", "--email", email, "--password-stdin", input=f"{PASSWORD}\n")
    (own,) = sessions_of(tally)
    assert tally("sessions", "list", "--user", ADMIN).exit_code == 1

    environment["XDG_CONFIG_HOME"] = str(home)
    assert [each["id"] for each in sessions_of(tally, "--user", email)] == [own["id"]]
    assert tally("sessions", "revoke", own["id"]).stdout == f"ended the session {own['id']}\n"
    assert sessions_of(tally, "--user", email) == []


def test_a_revoked_session_is_gone(tally: Tally) -> None:
    (current,) = [each for each in sessions_of(tally) if each.get("current")]
    assert tally("sessions", "revoke", current["id"]).exit_code == 0
    assert current["id"] not in {each["id"] for each in sessions_of(tally)}
