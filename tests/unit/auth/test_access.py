"""Roles, and who may change whom."""

import pytest

from tally.auth.domain.access import ADMINISTER, Role, check_within, permissions_of
from tally.auth.domain.errors import BeyondOwnPermissions, PasswordTooCommon
from tally.auth.domain.passwords import check_password

ADMIN = permissions_of([Role.ADMIN])


def test_a_super_admin_holds_what_an_admin_holds_and_the_system() -> None:
    assert permissions_of([Role.SUPER_ADMIN]) == ADMIN | {ADMINISTER}


def test_who_reads_only_changes_nothing() -> None:
    for role in (Role.VIEWER, Role.GUEST):
        assert all(permission.endswith(":read") for permission in permissions_of([role]))


def test_roles_add_up() -> None:
    assert permissions_of([Role.GUEST, Role.OPERATOR]) == permissions_of([Role.OPERATOR])
    assert permissions_of([]) == frozenset()


def test_nobody_touches_what_they_lack() -> None:
    check_within(ADMIN, permissions_of([Role.OPERATOR, Role.ADMIN]))
    check_within(frozenset({ADMINISTER}), permissions_of([Role.SUPER_ADMIN]))
    with pytest.raises(BeyondOwnPermissions) as error:
        check_within(ADMIN, permissions_of([Role.SUPER_ADMIN]))
    assert error.value.metadata == {"permissions": ADMINISTER}


@pytest.mark.parametrize("password", ["Password1234", "zzzzzzzzzzzzzz", "someone@example.org"])
def test_passwords_that_are_tried_first_are_refused(password: str) -> None:
    with pytest.raises(PasswordTooCommon):
        check_password(password, "someone@example.org")


def test_other_passwords_are_taken() -> None:
    check_password("seven blue herons", "someone@example.org")
