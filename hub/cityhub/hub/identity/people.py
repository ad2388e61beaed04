"""People of partners: accounts in the realm that see what became of their partner's events, and may send some."""

from __future__ import annotations

import re
from collections.abc import Iterator
from secrets import token_urlsafe
from typing import Any

from keycloak import KeycloakAdmin
from msgspec import Struct

from cityhub.adapters.doors.http import PUBLISHER
from cityhub.api.partner.who import ADMIN
from cityhub.hub.errors import Misconfigured
from cityhub.hub.identity.clients import give_roles
from cityhub.hub.identity.principal import ROLES

_NAME = re.compile(r"[a-z][a-z0-9._-]{2,39}")
_MOST = 10_000
_OTHER_ROLES = ROLES - {PUBLISHER, ADMIN}


class Person(Struct, frozen=True):
    """Somebody of a partner. `key` is Keycloak's."""

    key: str
    name: str
    partner: str
    enabled: bool


def check_name(name: str) -> None:
    """Refuse what cannot be a user name of ours.

    Raises:
        Misconfigured: it is none.
    """
    if not _NAME.fullmatch(name):
        raise Misconfigured(
            f"--person {name!r}: give a letter, then letters, digits, '.', '_' or '-', 3 to 40, all small"
        )


def invite(admin: KeycloakAdmin, partner: str, name: str, *, may_redrive: bool | None, new_password: bool) -> str:
    """Make somebody's account, or correct it; one that was disabled is open again.

    Args:
        may_redrive: whether they may drive dead letters in again; None = as it was, at first they may not.
        new_password: replace the one they have.

    Returns:
        A password that was made, to be changed at the first log-in, else "".

    Raises:
        Misconfigured: the name is somebody else's. KeycloakError: Keycloak does not answer or refuses.
    """
    wanted = {"username": name, "enabled": True, "attributes": {"organisation": [partner]}}
    key = admin.get_user_id(name)
    if key is None:
        key = admin.create_user(wanted)
    else:
        _check_own(admin, key, partner, name)
        admin.update_user(key, {**admin.get_user(key), **wanted})
    give_roles(admin, key, [PUBLISHER, ADMIN] if may_redrive else [PUBLISHER])
    if may_redrive is False and ADMIN in _roles(admin, key):
        admin.delete_realm_roles_of_user(key, [admin.get_realm_role(ADMIN)])
    has_one = any(found["type"] == "password" for found in admin.get_credentials(key))
    if has_one and not new_password:
        return ""
    password = token_urlsafe(12)
    admin.set_user_password(key, password, temporary=True)
    return password


def disable(admin: KeycloakAdmin, partner: str) -> list[str]:
    """End the access of everybody of a partner; their names."""
    theirs = [person for person in everybody(admin) if person.partner == partner]
    for person in theirs:
        admin.update_user(person.key, {**admin.get_user(person.key), "enabled": False})
    return [person.name for person in theirs]


def everybody(admin: KeycloakAdmin) -> list[Person]:
    """The people of all partners, by name; whoever has a role of the city as well is none of them."""
    found = {person.key: person for role in (PUBLISHER, ADMIN) for person in _with_role(admin, role)}
    others = {user["id"] for role in _OTHER_ROLES for user in admin.get_realm_role_members(role, {"max": _MOST})}
    return sorted((one for one in found.values() if one.key not in others), key=lambda one: one.name)


def _with_role(admin: KeycloakAdmin, role: str) -> Iterator[Person]:
    for user in admin.get_realm_role_members(role, {"max": _MOST}):
        if partner := _organisation(user):
            yield Person(user["id"], user["username"], partner, bool(user["enabled"]))


def _check_own(admin: KeycloakAdmin, key: str, partner: str, name: str) -> None:
    organisation, other = _organisation(admin.get_user(key)), sorted(_roles(admin, key) & _OTHER_ROLES)
    if organisation != partner or other:
        said = f"of {organisation or 'no organisation'}{', ' + ', '.join(other) if other else ''}"
        raise Misconfigured(f"--person {name!r}: there is such an account already, {said}: choose another name")


def _organisation(user: dict[str, Any]) -> str:
    attributes: dict[str, list[str]] = user.get("attributes") or {}
    return next(iter(attributes.get("organisation", [])), "")


def _roles(admin: KeycloakAdmin, key: str) -> set[str]:
    return {role["name"] for role in admin.get_realm_roles_of_user(key)}
