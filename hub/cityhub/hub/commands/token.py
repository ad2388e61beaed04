"""`cityhub token`: an access token for trying the API, for a machine client or for a person at this keyboard."""

from __future__ import annotations

import sys
import time
from typing import Any

import httpx

from cityhub.bus.topics import PARTNERS
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.identity import partners
from cityhub.hub.identity.administration import may_administer
from cityhub.hub.identity.endpoints import RealmEndpoints
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings

_CLI_CLIENT = "cityhub-cli"
_TIMEOUT_S = 10.0
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_WAITING = {"authorization_pending", "slow_down"}


def of_client(realm: RealmEndpoints, settings: Settings, secrets: Secrets, client: str) -> str:
    """By client credentials (RFC 6749 §4.4), with the secret of this installation; a partner's is Keycloak's.

    Raises:
        Misconfigured: this installation has no such client.
        ServiceMissing: Keycloak does not answer, or refuses.
    """
    partner = client.removeprefix("ingest-")
    if partner != client and partner in PARTNERS and may_administer(settings):
        secret: str | None = partners.secret(settings, secrets, partner)
    else:
        secret = secrets.client_secrets.get(client)
    if secret is None:
        raise Misconfigured(f"no machine client {client!r}; there are {', '.join(secrets.client_secrets)}")
    answer = _post(realm.token, {"grant_type": "client_credentials"}, auth=(client, secret))
    if "access_token" not in answer:
        raise ServiceMissing(f"Keycloak gives {client} no token: {_reason(answer)}")
    return str(answer["access_token"])


def of_person(realm: RealmEndpoints, name: str) -> str:
    """By the device flow (RFC 8628): the person logs in with a browser, no password comes near this program.

    Args:
        name: who is expected to log in; shown, and checked by Keycloak's form alone.

    Raises:
        ServiceMissing: Keycloak does not answer, or the log-in was refused or not done in time.
    """
    begun = _post(f"{realm.token.removesuffix('token')}auth/device", {"client_id": _CLI_CLIENT, "scope": "openid"})
    if "device_code" not in begun:
        raise ServiceMissing(f"Keycloak begins no log-in: {_reason(begun)}")
    print(f"open {begun['verification_uri_complete']} and log in as {name}", file=sys.stderr)  # noqa: T201 - for people
    form = {"grant_type": _DEVICE_GRANT, "client_id": _CLI_CLIENT, "device_code": str(begun["device_code"])}
    pause_s = float(begun.get("interval", 5))
    while True:
        time.sleep(pause_s)
        answer = _post(realm.token, form)
        if "access_token" in answer:
            return str(answer["access_token"])
        if answer.get("error") not in _WAITING:
            raise ServiceMissing(f"no log-in of {name}: {_reason(answer)}")
        pause_s += 5 * (answer["error"] == "slow_down")


def _post(url: str, form: dict[str, str], auth: tuple[str, str] | None = None) -> dict[str, Any]:
    try:
        answer = httpx.post(url, data=form, auth=auth, timeout=_TIMEOUT_S, trust_env=False)
        content: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ServiceMissing(
            f"Keycloak does not answer at {url} ({error}): is the hub running? `cityhub status` tells"
        ) from error
    return content


def _reason(answer: dict[str, Any]) -> str:
    return str(answer.get("error_description") or answer.get("error") or answer)
