"""Keys of the sandbox's tenants: a machine client each in the embedded Keycloak, whose tokens name the tenant."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from cityhub.hub.embedded.kafka import AUDIENCE
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.identity.provision import administration, put_client, realm
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.sandbox.errors import RoomUnavailable
from cityhub.sandbox.rooms.keys import Key

_TEMPLATE = "startup-demo"


class RealmKeys(Struct, frozen=True):
    """`Keys` of the realm."""

    settings: Settings
    secrets: Secrets

    def issue(self, tenant: str, organisation: str, *, kafka: bool) -> Key:
        """See `Keys`."""
        if self.settings.keycloak_url:
            raise RoomUnavailable(
                f"the realm is kept by {self.settings.keycloak_url}: its administrator makes a client "
                f"{client_id(tenant)} there with the claims organisation and tenant (docs/sandbox.md)"
            )
        with _translated(), administration(self.settings, self.secrets) as admin:
            put_client(admin, _client(tenant, organisation, realm(self.settings)["clients"], kafka=kafka))
            key = admin.get_client_id(client_id(tenant))
            admin.generate_client_secrets(key)
            return Key(client_id(tenant), str(admin.get_client_secrets(key)["value"]))

    def renew(self, tenant: str, organisation: str, *, kafka: bool) -> None:
        """See `Keys`."""
        if self.settings.keycloak_url:
            return
        with _translated(), administration(self.settings, self.secrets) as admin:
            if admin.get_client_id(client_id(tenant)) is not None:
                put_client(admin, _client(tenant, organisation, realm(self.settings)["clients"], kafka=kafka))

    def withdraw(self, tenant: str) -> None:
        """See `Keys`."""
        if self.settings.keycloak_url:
            return
        with _translated(), administration(self.settings, self.secrets) as admin:
            key = admin.get_client_id(client_id(tenant))
            if key is not None:
                admin.delete_client(key)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (ServiceMissing, Misconfigured) as error:
        raise RoomUnavailable(str(error)) from error


def client_id(tenant: str) -> str:
    """Of the tenant's machine client."""
    return f"startup-sbx-{tenant}"


def _client(tenant: str, organisation: str, clients: list[dict[str, Any]], *, kafka: bool) -> dict[str, Any]:
    """As the realm's file has one of a startup, with its own name and claims."""
    wanted = copy.deepcopy(next(one for one in clients if one["clientId"] == _TEMPLATE))
    wanted["clientId"] = client_id(tenant)
    wanted["name"] = f"Sandbox {tenant}"
    (mapper,) = wanted["protocolMappers"]
    mapper["config"]["claim.value"] = organisation
    named = copy.deepcopy(mapper)
    named["name"] = named["config"]["claim.name"] = "tenant"
    named["config"]["claim.value"] = tenant
    wanted["protocolMappers"] = [mapper, named]
    if kafka:
        wanted["defaultClientScopes"] = [*wanted["defaultClientScopes"], AUDIENCE]
    return wanted
