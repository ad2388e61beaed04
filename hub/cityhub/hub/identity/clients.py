"""Clients of the realm: made and corrected as a description says, and which of them the hub may write by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from keycloak import KeycloakAdmin
from msgspec import Struct

from cityhub.api.partner.who import ADMIN
from cityhub.hub.embedded.kafka import SUPER_USERS
from cityhub.hub.errors import Misconfigured
from cityhub.hub.identity.grants import grant_of

Item: TypeAlias = dict[str, Any]
OF_PARTNERS, OF_TENANTS = "ingest-", "startup-sbx-"
_MANAGEMENT = "realm-management"
_OURS = ("realmRoles", "managementRoles")
"""What a description says beyond Keycloak's own: the client's roles of the realm, and of its administration."""


class OwnClients(Struct, frozen=True):
    """The clients that the hub may write in its realm: those of partners and of tenants, and no others.

    Each method raises KeycloakError where Keycloak does not answer or refuses, and Misconfigured where the client's
    name is of none of them: Keycloak itself would let the hub write every client.
    """

    admin: KeycloakAdmin

    def put(self, wanted: Item) -> bool:
        """See `put_client`."""
        _check_own(wanted["clientId"])
        return put_client(self.admin, wanted)

    def secret(self, client: str) -> str:
        """Of a client that exists."""
        return str(self.admin.get_client_secrets(self._key(client))["value"])

    def another_secret(self, client: str) -> str:
        """From now on; the one before ends at once."""
        return str(self.admin.generate_client_secrets(self._key(client))["value"])

    def delete(self, client: str) -> None:
        """Nothing happens where there is none."""
        if (key := self._key(client)) is not None:
            self.admin.delete_client(key)

    def _key(self, client: str) -> Any:
        return self.admin.get_client_id(_check_own(client))


def _check_own(client: str) -> str:
    if not client.startswith((OF_PARTNERS, OF_TENANTS)):
        raise Misconfigured(
            f"client {client!r} of the realm is not the hub's to write: only {OF_PARTNERS}… and {OF_TENANTS}… are"
        )
    return client


def put_client(admin: KeycloakAdmin, wanted: Item, secret: str | None = None) -> bool:
    """Make a client or correct it; True = made. One that was revoked stays so, unless `wanted` grants it anew.

    Args:
        secret: not for clients that `cityhub partner` looks after, whose secret is Keycloak's; None = leave it.

    Raises:
        Misconfigured: Kafka would take the client for a super user.
        KeycloakError: Keycloak does not answer or refuses.
    """
    if wanted["clientId"] in SUPER_USERS:
        raise Misconfigured(f"client {wanted['clientId']} of the realm would be a super user of Kafka: rename it")
    roles = wanted["realmRoles"]
    payload = {name: value for name, value in wanted.items() if name not in _OURS} | {"protocol": "openid-connect"}
    key = admin.get_client_id(wanted["clientId"])
    new = key is None
    grant = grant_of(wanted) or (None if new else grant_of(admin.get_client(key)))
    payload["enabled"] = grant is None or not grant.revoked
    if grant and grant.may_redrive:
        roles = [*roles, ADMIN]
    if secret and grant is None:
        payload["secret"] = secret
    if new:
        key = admin.create_client(payload)
    else:
        admin.update_client(key, payload)
    _correct(admin, key, wanted, roles)
    return new


def _correct(admin: KeycloakAdmin, key: str, wanted: Item, roles: Iterable[str]) -> None:
    align(
        admin.get_mappers_from_client(key),
        wanted["protocolMappers"],
        remove=lambda mapper: admin.remove_client_mapper(key, mapper["id"]),
        add=lambda mapper: admin.add_mapper_to_client(key, mapper),
    )
    scopes = {scope["name"]: scope["id"] for scope in admin.get_client_scopes()}
    align(
        admin.get_client_default_client_scopes(key),
        [{"name": name, "id": scopes[name]} for name in wanted["defaultClientScopes"]],
        remove=lambda scope: admin.delete_client_default_client_scope(key, scope["id"]),
        add=lambda scope: admin.add_client_default_client_scope(
            key, scope["id"], {"realm": admin.get_current_realm(), "client": key, "clientScopeId": scope["id"]}
        ),
    )
    align(
        admin.get_realm_roles_of_client_scope(key),
        [admin.get_realm_role(role) for role in roles],
        remove=lambda role: admin.delete_realm_roles_of_client_scope(key, [role]),
        add=lambda role: admin.assign_realm_roles_to_client_scope(key, [role]),
    )
    if wanted["serviceAccountsEnabled"]:
        account = admin.get_client_service_account_user(key)["id"]
        give_roles(admin, account, roles)
        if "managementRoles" in wanted:
            _manage(admin, key, account, wanted["managementRoles"])


def _manage(admin: KeycloakAdmin, key: str, account: str, names: Iterable[str]) -> None:
    """Let a client administer the realm so far, and no further."""
    owner = admin.get_client_id(_MANAGEMENT)
    wanted = [admin.get_client_role(owner, name) for name in names]
    align(
        admin.get_client_roles_of_client_scope(key, owner),
        wanted,
        remove=lambda role: admin.delete_client_roles_of_client_scope(key, owner, [role]),
        add=lambda role: admin.assign_client_roles_to_client_scope(key, owner, [role]),
    )
    align(
        admin.get_client_roles_of_user(account, owner),
        wanted,
        remove=lambda role: admin.delete_client_roles_of_user(account, owner, [role]),
        add=lambda role: admin.assign_client_role(account, owner, [role]),
    )


def give_roles(admin: KeycloakAdmin, user: str, roles: Iterable[str]) -> None:
    """Give an account what it lacks of some roles."""
    held = {role["name"] for role in admin.get_realm_roles_of_user(user)}
    missing = [admin.get_realm_role(role) for role in roles if role not in held]
    if missing:
        admin.assign_realm_roles(user, missing)


def align(
    found: Iterable[Item], wanted: Iterable[Item], *, remove: Callable[[Item], object], add: Callable[[Item], object]
) -> None:
    """Remove what is not wanted, add what is missing; Keycloak's additions to an item do not count as a difference."""
    missing = list(wanted)
    for item in found:
        match = next((one for one in missing if _covers(item, one)), None)
        if match is None:
            remove(item)
        else:
            missing.remove(match)
    for item in missing:
        add(item)


def _covers(found: object, wanted: object) -> bool:
    if isinstance(found, dict) and isinstance(wanted, dict):
        return all(_covers(found.get(name), value) for name, value in wanted.items())
    return found == wanted
