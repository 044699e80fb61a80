"""Roles on the command line."""

import json

import pytest

from tests.component.cli.conftest import Tally

pytestmark = pytest.mark.usefixtures("administrator")


def test_the_five_roles_are_listed(tally: Tally) -> None:
    listed = {role["id"]: role for role in json.loads(tally("roles", "list", "--json").stdout)}
    assert {"super-admin", "admin", "operator", "viewer", "guest"} <= listed.keys()
    assert listed["guest"]["permissions"] == ["analytics:read"]
    assert "camera:read" in tally("roles", "list").stdout
