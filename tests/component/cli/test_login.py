"""Logging in and out on the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tally.stack.folder import free_port
from tests.component.cli.conftest import ADMIN, ADMINS_PASSWORD, PASSWORD, Tally
from tests.passwords import GIVEN

TALLY = Path(sys.prefix) / "bin" / "tally"
AT_ONCE = 4


@pytest.fixture
def file(home: Path) -> Path:
    return home / "tally" / "credentials.json"


def stored(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text())
    return content


def test_one_logs_in_is_who_one_is_and_logs_out(tally: Tally, file: Path, gateway: str) -> None:
    done = tally("login", "--email", ADMIN, "--password-stdin", input=f"{ADMINS_PASSWORD}\n")
    assert done.exit_code == 0, done.output
    assert ADMINS_PASSWORD not in done.output
    assert f"logged in at {gateway} as Administrator <{ADMIN}>" in done.stdout
    assert ADMINS_PASSWORD not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600

    shown = tally("whoami").stdout
    assert f"Administrator <{ADMIN}>" in shown
    assert "super-admin" in shown
    assert "system:admin" in shown
    assert json.loads(tally("whoami", "--json").stdout)["user"]["email"] == ADMIN

    assert tally("logout").stdout == f"logged out at {gateway}\n"
    assert stored(file) == {}
    after = tally("whoami")
    assert after.exit_code == 1
    assert after.stderr.splitlines() == [
        f"error: you are not logged in at {gateway}",
        f"mend:  tally login --gateway {gateway}",
    ]
    assert tally("logout").stdout == f"you are not logged in at {gateway}\n"


def test_a_wrong_password_is_told_in_one_line_and_stores_nothing(tally: Tally, file: Path) -> None:
    done = tally("login", "--email", ADMIN, "--password-stdin", input="wrong\n")
    assert done.exit_code == 1
    error, mend = done.stderr.splitlines()
    assert error == "error: e-mail address and password do not belong together"
    assert mend.startswith("mend:")
    assert not file.exists()


def test_a_password_on_standard_input_must_be_there(tally: Tally) -> None:
    done = tally("login", "--email", ADMIN, "--password-stdin", input="")
    assert done.exit_code == 1
    assert "standard input has no password" in done.stderr


def test_passwords_are_no_arguments(tally: Tally) -> None:
    assert tally("login", "--email", ADMIN, "--password", ADMINS_PASSWORD).exit_code == 2


def test_nobody_at_home_is_told_with_the_mend(tally: Tally) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    command = ["login", "--gateway", url, "--email", ADMIN, "--password-stdin"]
    done = tally(*command, input="whatever\n")
    assert done.exit_code == 1
    assert f"error: nobody answers at {url}" in done.stderr
    assert "tally up" in done.stderr


@pytest.mark.usefixtures("administrator")
def test_logging_in_again_ends_the_former_session(tally: Tally, file: Path, gateway: str) -> None:
    former = stored(file)
    tally("login", "--email", ADMIN, "--password-stdin", input=f"{ADMINS_PASSWORD}\n")
    assert stored(file) != former
    former[gateway]["access_token_ends"] = datetime.now(UTC).isoformat()
    file.write_text(json.dumps(former))
    done = tally("whoami")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[1] == "mend:  tally login"


@pytest.mark.usefixtures("administrator")
def test_an_access_token_about_to_end_is_renewed_by_the_first_of_many_commands(
    file: Path, gateway: str, environment: dict[str, str | None]
) -> None:
    before = stored(file)
    before[gateway]["access_token_ends"] = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    file.write_text(json.dumps(before))
    inherited = {name: value for name, value in os.environ.items() if name not in environment}
    given = {name: value for name, value in environment.items() if value is not None}
    commands = [
        subprocess.Popen(
            [TALLY, "whoami"], env=inherited | given, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(AT_ONCE)
    ]
    ended = [(command.communicate(timeout=60), command.returncode) for command in commands]
    assert [status for _, status in ended] == [0] * AT_ONCE, ended
    after = stored(file)[gateway]
    assert after["refresh_token"] != before[gateway]["refresh_token"]
    assert datetime.fromisoformat(after["access_token_ends"]) > datetime.now(UTC) + timedelta(
        minutes=10
    )
    assert file.stat().st_mode & 0o777 == 0o600


def test_who_did_not_choose_their_password_chooses_one_at_the_first_login(
    tally: Tally, gateway: str, given: Callable[..., str]
) -> None:
    email = given("admin")
    told = tally("login", "--email", email, "--password-stdin", input=f"{GIVEN}\n")
    assert "mend:    tally passwd" in told.stderr
    refused = tally("users", "list")
    assert refused.exit_code == 1
    assert "mend:  tally passwd" in refused.stderr
    own = "four amber kettles"
    done = tally("login", input=f"{email}\n{GIVEN}\n{own}\nsomething else\n{own}\n{own}\n")
    assert done.exit_code == 0, done.output
    assert own not in done.output
    assert f"the password of {email} is changed" in done.stdout
    assert email in tally("whoami").stdout
    again = tally("login", "--email", email, "--password-stdin", input=f"{own}\n")
    assert (again.exit_code, again.stderr) == (0, "")


def test_another_password_by_standard_input(tally: Tally, created: Callable[..., str]) -> None:
    email = created("viewer")
    tally("login", "--email", email, "--password-stdin", input=f"{PASSWORD}\n")
    short = tally("passwd", "--password-stdin", input=f"{PASSWORD}\nshort\n")
    assert short.exit_code == 1
    assert short.stderr.startswith("error: new_password: ")
    done = tally("passwd", "--password-stdin", input=f"{PASSWORD}\nfour amber kettles\n")
    assert done.exit_code == 0, done.output
    assert email in tally("whoami").stdout


def test_no_login_while_a_key_would_go_before_it(
    tally: Tally, environment: dict[str, str | None]
) -> None:
    environment["TALLY_API_KEY"] = "tally_12345678_" + "x" * 43
    done = tally("login", "--email", ADMIN, "--password-stdin", input=f"{ADMINS_PASSWORD}\n")
    assert done.exit_code == 1
    assert "mend:  unset TALLY_API_KEY" in done.stderr


@pytest.mark.usefixtures("administrator")
def test_a_token_for_other_programs(tally: Tally, file: Path, gateway: str) -> None:
    assert tally("token").stdout == stored(file)[gateway]["access_token"] + "\n"
