"""Make the realm as `realm.json` says, and keep it so: can be repeated at every start.

The file wins for everything that it names; what it does not name (clients and people added by the operator) stays.
Secrets are not in the file, they come from the installation. A realm that exists is corrected in place, so people keep
their identity. `{public_url}` and `{web_url}` in the file stand for the address that browsers use and the one on which
Keycloak reaches the web app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import msgspec
import structlog
from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakError, KeycloakGetError
from requests.utils import set_environ

from cityhub.api.partner.who import ADMIN
from cityhub.hub.embedded import kafka, keycloak, partner_keys
from cityhub.hub.embedded.kafka import SUPER_USERS
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.identity.endpoints import WEB_CLIENT, RealmEndpoints
from cityhub.hub.identity.grants import client_of, grant_of
from cityhub.hub.secrets import FILE, Secrets
from cityhub.hub.settings import Settings

Item: TypeAlias = dict[str, Any]

REALM = "cityhub"
_REALM = Path(__file__).with_name("realm.json")
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - recognised, not bound
_NOT_FOUND = 404

log = structlog.get_logger(__name__)


def realm(settings: Settings) -> Mapping[str, Any]:
    """The realm of this installation, without secrets."""
    host = "127.0.0.1" if settings.host in _EVERY_ADDRESS else settings.host
    web_url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    text = _REALM.read_text("utf-8").replace("{public_url}", settings.public_url).replace("{web_url}", web_url)
    wanted: Mapping[str, Any] = msgspec.json.decode(text)
    return wanted


@contextmanager
def administration(settings: Settings, secrets: Secrets) -> Iterator[KeycloakAdmin]:
    """The administration of the embedded Keycloak's realm.

    Raises:
        ServiceMissing: Keycloak does not answer or refuses.
        Misconfigured: Keycloak does not know the installation's administrator.
    """
    try:
        with set_environ("no_proxy", keycloak.HOST):  # a proxy for the way out of the building is none for loopback
            yield KeycloakAdmin(
                server_url=f"{keycloak.url(settings)}/auth/",
                username=keycloak.ADMIN,
                password=secrets.keycloak_admin_password,
                realm_name=REALM,
                user_realm_name="master",
                max_retries=0,
                timeout=300,
            )
    except KeycloakError as error:
        if error.response_code == httpx.codes.UNAUTHORIZED:
            raise Misconfigured(
                f"Keycloak does not accept the administrator's password in {settings.data / FILE}: "
                f"restore that file, or remove {settings.data / 'keycloak'} (accounts are then made anew)"
            ) from error
        raise ServiceMissing(
            f"the realm {REALM} cannot be read or changed at {keycloak.url(settings)}: {error}; "
            "`cityhub status` tells whether Keycloak runs"
        ) from error


def reconcile(settings: Settings, secrets: Secrets) -> None:
    """Make or correct the embedded Keycloak's realm; Kafka then knows its keys. Keycloak has to be ready.

    Raises:
        ServiceMissing, Misconfigured: as `administration`.
    """
    wanted = realm(settings)
    with administration(settings, secrets) as admin:
        _reconcile(admin, settings, secrets, wanted)
    keycloak.note_made(settings)
    partner_keys.store(_keys(settings), kafka.keys_file(settings))
    log.info("realm_up_to_date", realm=REALM)


def _reconcile(admin: KeycloakAdmin, settings: Settings, secrets: Secrets, wanted: Mapping[str, Any]) -> None:
    _realm(admin, wanted)
    _scopes(admin, wanted["clientScopes"])
    for client in wanted["clients"]:
        put_client(admin, client, _secret(client["clientId"], secrets))
    named = {client["clientId"] for client in wanted["clients"]}
    for client in admin.get_clients():
        if client["clientId"] in wanted["builtInClientsOff"]:
            admin.update_client(client["id"], {"clientId": client["clientId"], "enabled": False})
        grant = grant_of(client)
        if grant and client["clientId"] not in named:
            put_client(admin, client_of(grant, wanted["clients"]))
    for user in wanted["users"]:
        _user(admin, user, secrets.user_passwords[user["username"]], _newest(settings.data / FILE))


def _realm(admin: KeycloakAdmin, wanted: Mapping[str, Any]) -> None:
    name = wanted["realm"]["realm"]
    try:
        admin.get_realm(name)
    except KeycloakGetError as error:
        if error.response_code != _NOT_FOUND:
            raise
        admin.create_realm(wanted["realm"])
    else:
        admin.update_realm(name, wanted["realm"])
    admin.update_realm_users_profile(wanted["userProfile"])
    for role in wanted["roles"]:
        admin.create_realm_role(role, skip_exists=True)


def _scopes(admin: KeycloakAdmin, wanted: Iterable[Item]) -> None:
    existing = {scope["name"]: scope for scope in admin.get_client_scopes()}
    for scope in wanted:
        found = existing.get(scope["name"])
        if found is None:
            admin.create_client_scope(scope)
            continue
        admin.update_client_scope(found["id"], scope)
        _same(
            found.get("protocolMappers", []),
            scope["protocolMappers"],
            remove=partial(_remove_mapper, admin, found["id"]),
            add=partial(admin.add_mapper_to_client_scope, found["id"]),
        )


def _remove_mapper(admin: KeycloakAdmin, scope: str, mapper: Item) -> None:
    admin.delete_mapper_from_client_scope(scope, mapper["id"])


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
    payload = {name: value for name, value in wanted.items() if name != "realmRoles"} | {"protocol": "openid-connect"}
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
    _same(
        admin.get_mappers_from_client(key),
        wanted["protocolMappers"],
        remove=lambda mapper: admin.remove_client_mapper(key, mapper["id"]),
        add=lambda mapper: admin.add_mapper_to_client(key, mapper),
    )
    scopes = {scope["name"]: scope["id"] for scope in admin.get_client_scopes()}
    _same(
        admin.get_client_default_client_scopes(key),
        [{"name": name, "id": scopes[name]} for name in wanted["defaultClientScopes"]],
        remove=lambda scope: admin.delete_client_default_client_scope(key, scope["id"]),
        add=lambda scope: admin.add_client_default_client_scope(
            key, scope["id"], {"realm": admin.get_current_realm(), "client": key, "clientScopeId": scope["id"]}
        ),
    )
    _same(
        admin.get_realm_roles_of_client_scope(key),
        [admin.get_realm_role(role) for role in roles],
        remove=lambda role: admin.delete_realm_roles_of_client_scope(key, [role]),
        add=lambda role: admin.assign_realm_roles_to_client_scope(key, [role]),
    )
    if wanted["serviceAccountsEnabled"]:
        give_roles(admin, admin.get_client_service_account_user(key)["id"], roles)


def _user(admin: KeycloakAdmin, wanted: Item, password: str, secrets_changed_ms: float) -> None:
    payload = {name: value for name, value in wanted.items() if name != "realmRoles"} | {"enabled": True}
    key = admin.get_user_id(wanted["username"])
    if key is None:
        key = admin.create_user(payload)
    else:
        admin.update_user(key, payload)
    give_roles(admin, key, wanted["realmRoles"])
    passwords = [found["createdDate"] for found in admin.get_credentials(key) if found["type"] == "password"]
    if max(passwords, default=0) < secrets_changed_ms:
        admin.set_user_password(key, password, temporary=False)


def give_roles(admin: KeycloakAdmin, user: str, roles: Iterable[str]) -> None:
    """Give an account what it lacks of some roles."""
    held = {role["name"] for role in admin.get_realm_roles_of_user(user)}
    missing = [admin.get_realm_role(role) for role in roles if role not in held]
    if missing:
        admin.assign_realm_roles(user, missing)


def _same(
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


def _secret(client: str, secrets: Secrets) -> str | None:
    return secrets.web_client_secret if client == WEB_CLIENT else secrets.client_secrets.get(client)


def _newest(path: Path) -> float:
    """When the file was last written, milliseconds since the epoch: a password set later than that stands."""
    return path.stat().st_mtime * 1000


def _keys(settings: Settings) -> bytes:
    url = RealmEndpoints(settings.public_url, keycloak.url(settings)).certs
    try:
        return httpx.get(url, timeout=30.0, trust_env=False).raise_for_status().content
    except httpx.HTTPError as error:
        raise ServiceMissing(f"{url} gives no keys: {error}") from error
