"""The audit log on the command line."""

import json

import pytest

from tests.component.cli.conftest import ADMIN, Tally

pytestmark = pytest.mark.usefixtures("administrator")


def test_what_was_done_is_listed_and_the_log_is_whole(tally: Tally) -> None:
    assert tally("users", "disable", ADMIN).exit_code == 1
    options = ("--since", "5m", "--failed", "--method", "tally.api.auth.v1.UserService/UpdateUser")
    entries = json.loads(tally("audit", "list", *options, "--json").stdout)
    assert entries[0]["record"]["reason"] == "LAST_SUPER_ADMIN"
    assert "FAILED_PRECONDITION LAST_SUPER_ADMIN" in tally("audit", "list", *options).stdout
    verified = tally("audit", "verify")
    assert verified.exit_code == 0
    assert verified.stdout.startswith("whole: ")
