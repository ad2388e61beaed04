"""How the hub administers its realm: as a client of it, `hub-admin`, in an embedded Keycloak as in an external one.

What that client may do in the realm stands in `realm.json` (`managementRoles`). Keycloak has no role for "these clients
only", so `clients.OwnClients` keeps to what is the hub's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakError
from requests.utils import set_environ

from cityhub.hub.access import realm
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.secrets import FILE, Secrets
from cityhub.hub.settings import Settings

REALM, MASTER = "cityhub", "master"
ADMIN_CLIENT = "hub-admin"
_SECRET_FILE = "CITYHUB_KEYCLOAK_ADMIN_SECRET_FILE"  # noqa: S105 - name of a setting
_REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


def may_administer(settings: Settings) -> bool:
    """Whether the hub is told the secret of its client; that of the embedded Keycloak it knows."""
    return not settings.keycloak_url or bool(settings.keycloak_admin_secret_file)


@contextmanager
def administration(settings: Settings, secrets: Secrets) -> Iterator[KeycloakAdmin]:
    """The realm, for what the hub itself does there.

    Raises:
        ServiceMissing: Keycloak does not answer or refuses.
        Misconfigured: the hub may not administer, or Keycloak does not know its client.
    """
    remedy = f"`cityhub realm prepare` gives {ADMIN_CLIENT} the secret in {settings.keycloak_admin_secret_file}"
    if not settings.keycloak_url:
        remedy = f"restore {settings.data / FILE}; the next `cityhub up` gives {ADMIN_CLIENT} the secret in it"
    login = {"client_id": ADMIN_CLIENT, "client_secret_key": admin_secret(settings, secrets)}
    with _logged_in(settings, login, f"{ADMIN_CLIENT} with this secret, or with too few rights: {remedy}") as admin:
        yield admin


@contextmanager
def master(settings: Settings, name: str, password: str) -> Iterator[KeycloakAdmin]:
    """The realm, for an administrator of the whole Keycloak, who makes it and corrects everything in it.

    Raises:
        ServiceMissing, Misconfigured: as `administration`.
    """
    remedy = f"the password of {name}, an administrator of the realm {MASTER}, or that account may not make a realm"
    if not settings.keycloak_url:
        remedy = (
            f"the administrator's password in {settings.data / FILE}: "
            f"restore that file, or remove {settings.data / 'keycloak'} (accounts are then made anew)"
        )
    with _logged_in(settings, {"username": name, "password": password, "user_realm_name": MASTER}, remedy) as admin:
        yield admin


def admin_secret(settings: Settings, secrets: Secrets) -> str:
    """Of the hub's client.

    Raises:
        Misconfigured: an external Keycloak's is not given, or its file cannot be read.
    """
    if not settings.keycloak_url:
        return secrets.admin_client_secret
    if not (file := settings.keycloak_admin_secret_file):
        raise Misconfigured(
            f"the realm is kept by {settings.keycloak_url} (CITYHUB_KEYCLOAK_URL), and the hub may not administer it: "
            f"name the file with the secret of its client {ADMIN_CLIENT} as {_SECRET_FILE} (docs/helm.md, Keycloak)"
        )
    try:
        secret = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{_SECRET_FILE} = {file!r}: cannot be read: {error}") from error
    if not secret:
        raise Misconfigured(f"{_SECRET_FILE} = {file!r}: is empty; it holds the secret of {ADMIN_CLIENT}")
    return secret


@contextmanager
def _logged_in(settings: Settings, login: dict[str, Any], refused: str) -> Iterator[KeycloakAdmin]:
    url = realm(settings).keycloak_url
    try:
        with set_environ("no_proxy", "*"):  # as everywhere in the hub: Keycloak is reached without a proxy
            yield KeycloakAdmin(server_url=f"{url}/auth/", realm_name=REALM, max_retries=0, timeout=300, **login)
    except KeycloakError as error:
        if error.response_code in _REFUSED or b"invalid_grant" in (
            error.response_body or b""
        ):  # a wrong password is 400
            raise Misconfigured(f"Keycloak at {url} does not accept {refused}") from error
        raise ServiceMissing(
            f"the realm {REALM} cannot be read or changed at {url}: {error}; "
            "`cityhub status` tells whether Keycloak runs"
        ) from error
