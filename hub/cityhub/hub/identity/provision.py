"""Make the realm as `realm.json` says, and keep it so: can be repeated at every start.

The file wins for everything that it names; what it does not name (clients and people added by the operator) stays.
Secrets are not in the file, they come from the installation. A realm that exists is corrected in place, so people keep
their identity. `{public_url}` and `{web_url}` in the file stand for the address that browsers use and the one on which
Keycloak reaches the web app.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import structlog
from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakGetError

from cityhub.hub.embedded import kafka, keycloak, partner_keys
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.identity.administration import ADMIN_CLIENT, MASTER, REALM, admin_secret, master, may_administer
from cityhub.hub.identity.clients import Item, align, give_roles, put_client
from cityhub.hub.identity.endpoints import WEB_CLIENT, RealmEndpoints
from cityhub.hub.secrets import FILE, Secrets
from cityhub.hub.settings import Settings

_REALM = Path(__file__).with_name("realm.json")
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - recognised, not bound
_NOT_FOUND = 404


class _Discovery(msgspec.Struct, frozen=True):
    """OpenID Connect Discovery 1.0, §3."""

    issuer: str


log = structlog.get_logger(__name__)


def realm(settings: Settings, web_url: str = "") -> Mapping[str, Any]:
    """The realm of this installation, without secrets. Args: web_url = empty: the web is on this machine."""
    host = "127.0.0.1" if settings.host in _EVERY_ADDRESS else settings.host
    web_url = web_url or f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    text = _REALM.read_text("utf-8").replace("{public_url}", settings.public_url).replace("{web_url}", web_url)
    wanted: Mapping[str, Any] = msgspec.json.decode(text)
    return wanted


def reconcile(settings: Settings, secrets: Secrets) -> None:
    """Make or correct the embedded Keycloak's realm; Kafka then knows its keys. Keycloak has to be ready.

    Raises:
        ServiceMissing, Misconfigured: as `administration.master`.
    """
    wanted = realm(settings)
    with master(settings, keycloak.ADMIN, secrets.keycloak_admin_password) as admin:
        _reconcile(admin, settings, secrets, wanted)
        for user in wanted["users"]:
            _user(admin, user, secrets.user_passwords[user["username"]], _newest(settings.data / FILE))
    keycloak.note_made(settings)
    partner_keys.store(_keys(settings), kafka.keys_file(settings))
    log.info("realm_up_to_date", realm=REALM)


def prepare(settings: Settings, secrets: Secrets, name: str, password: str, web_url: str) -> None:
    """Make or correct an external Keycloak's realm, without the people of `realm.json`; can be repeated.

    Args:
        name, password: an administrator of the realm master. They are kept nowhere.
        web_url: where Keycloak tells the web of log-outs.

    Raises:
        ServiceMissing, Misconfigured: as `administration.master`; or the realm is not an external Keycloak's.
    """
    if not settings.keycloak_url:
        raise Misconfigured("CITYHUB_KEYCLOAK_URL is empty: the embedded Keycloak's realm is made by `cityhub up`")
    _check_hostname(settings)
    with master(settings, name, password) as admin:
        _reconcile(admin, settings, secrets, realm(settings, web_url))


def _reconcile(admin: KeycloakAdmin, settings: Settings, secrets: Secrets, wanted: Mapping[str, Any]) -> None:
    _realm(admin, wanted)
    _scopes(admin, wanted["clientScopes"])
    for client in wanted["clients"]:
        if client["clientId"] != ADMIN_CLIENT:
            put_client(admin, client, _secret(client["clientId"], secrets))
        elif may_administer(settings):
            put_client(admin, client, admin_secret(settings, secrets))
    for client in admin.get_clients():
        if client["clientId"] in wanted["builtInClientsOff"]:
            admin.update_client(client["id"], {"clientId": client["clientId"], "enabled": False})


def _check_hostname(settings: Settings) -> None:
    """Before anything is made: browsers are sent to where Keycloak says it is, and tokens name that."""
    realm_path = f"/auth/realms/{MASTER}"
    found = _issuer(f"{settings.keycloak_url}{realm_path}/.well-known/openid-configuration")
    if found != f"{settings.public_url}{realm_path}":
        raise Misconfigured(
            f"Keycloak at {settings.keycloak_url} says that it is {found}: start it with "
            f"--hostname={settings.public_url}/auth, or correct CITYHUB_PUBLIC_URL"
        )


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
        align(
            found.get("protocolMappers", []),
            scope["protocolMappers"],
            remove=partial(_remove_mapper, admin, found["id"]),
            add=partial(admin.add_mapper_to_client_scope, found["id"]),
        )


def _remove_mapper(admin: KeycloakAdmin, scope: str, mapper: Item) -> None:
    admin.delete_mapper_from_client_scope(scope, mapper["id"])


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


def _secret(client: str, secrets: Secrets) -> str | None:
    return secrets.web_client_secret if client == WEB_CLIENT else secrets.client_secrets.get(client)


def _newest(path: Path) -> float:
    """When the file was last written, milliseconds since the epoch: a password set later than that stands."""
    return path.stat().st_mtime * 1000


def _keys(settings: Settings) -> bytes:
    return _asked(RealmEndpoints(settings.public_url, keycloak.url(settings)).certs)


def _issuer(url: str) -> str:
    try:
        return msgspec.json.decode(_asked(url), type=_Discovery).issuer
    except msgspec.MsgspecError as error:
        raise ServiceMissing(f"{url} is no Keycloak's: {error}") from error


def _asked(url: str) -> bytes:
    try:
        return httpx.get(url, timeout=30.0, trust_env=False).raise_for_status().content
    except httpx.HTTPError as error:
        raise ServiceMissing(
            f"{url} cannot be read: {error}; is Keycloak there, with --http-relative-path=/auth?"
        ) from error
