"""Roles, and who may change whom."""

import pytest

from tally.auth.domain.access import ADMINISTER, BUILT_IN, Grants, RoleBinding
from tally.auth.domain.errors import BeyondOwnPermissions, PasswordTooCommon
from tally.auth.domain.passwords import check_password
from tally.kernel.errors import InvalidInput

ROLES = {role: permissions for role, (_, permissions) in BUILT_IN.items()}
HERE, THERE = "0190a5b2-0000-7000-8000-000000000001", "0190a5b2-0000-7000-8000-000000000002"


def grants(*bindings: RoleBinding) -> Grants:
    return Grants.of(bindings, ROLES)


ALL_OF_AN_ADMIN = grants(RoleBinding("admin"))


def test_a_super_admin_holds_what_an_admin_holds_and_the_system() -> None:
    assert ROLES["super-admin"] == ROLES["admin"] | {ADMINISTER}


def test_who_reads_only_changes_nothing() -> None:
    for role in ("viewer", "guest"):
        assert all(permission.endswith(":read") for permission in ROLES[role])


def test_roles_add_up() -> None:
    both = grants(RoleBinding("guest"), RoleBinding("operator"))
    assert both == grants(RoleBinding("operator"))
    assert grants() == Grants()


def test_roles_at_sites_add_to_those_held_everywhere() -> None:
    held = grants(RoleBinding("viewer"), RoleBinding("operator", (HERE,)))
    assert held.everywhere == ROLES["viewer"]
    assert held.sites == dict.fromkeys(("camera:write", "analytics:write"), frozenset({HERE}))


def test_super_admins_are_that_everywhere() -> None:
    with pytest.raises(InvalidInput):
        RoleBinding("super-admin", (HERE,))


def test_a_key_holds_no_more_than_its_scopes_and_its_account() -> None:
    scopes = frozenset({"camera:read", "camera:write"})
    assert grants(RoleBinding("viewer")).limited_to(scopes) == Grants(frozenset({"camera:read"}))
    assert grants(RoleBinding("super-admin")).limited_to(scopes) == Grants(scopes)
    here = grants(RoleBinding("admin", (HERE,))).limited_to(scopes)
    assert here == Grants(frozenset(), dict.fromkeys(scopes, frozenset({HERE})))
    assert ALL_OF_AN_ADMIN.limited_to(frozenset()) == ALL_OF_AN_ADMIN


def test_nobody_touches_what_they_lack() -> None:
    ALL_OF_AN_ADMIN.check_holds(grants(RoleBinding("operator"), RoleBinding("admin", (HERE,))))
    Grants(frozenset({ADMINISTER})).check_holds(grants(RoleBinding("super-admin")))
    with pytest.raises(BeyondOwnPermissions) as error:
        ALL_OF_AN_ADMIN.check_holds(grants(RoleBinding("super-admin")))
    assert error.value.metadata == {"permissions": ADMINISTER}


def test_who_holds_something_at_a_site_gives_it_there_only() -> None:
    own = grants(RoleBinding("operator", (HERE,)))
    own.check_holds(grants(RoleBinding("viewer", (HERE,))))
    for beyond in (RoleBinding("viewer"), RoleBinding("viewer", (HERE, THERE))):
        with pytest.raises(BeyondOwnPermissions):
            own.check_holds(grants(beyond))


@pytest.mark.parametrize("password", ["Password1234", "zzzzzzzzzzzzzz", "someone@example.org"])
def test_passwords_that_are_tried_first_are_refused(password: str) -> None:
    with pytest.raises(PasswordTooCommon):
        check_password(password, "someone@example.org")


def test_other_passwords_are_taken() -> None:
    check_password("seven blue herons", "someone@example.org")
