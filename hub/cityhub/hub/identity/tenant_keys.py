"""Keys of the sandbox's tenants: a machine client each in the realm, whose tokens name the tenant."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from cityhub.hub.embedded.kafka import AUDIENCE
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.identity.administration import administration, may_administer
from cityhub.hub.identity.clients import OF_TENANTS, OwnClients
from cityhub.hub.identity.provision import realm
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
        with self._clients() as clients:
            clients.put(_client(tenant, organisation, realm(self.settings)["clients"], kafka=kafka))
            return Key(client_id(tenant), clients.another_secret(client_id(tenant)))

    def renew(self, tenant: str, organisation: str, *, kafka: bool) -> None:
        """See `Keys`. Where the hub may not administer the realm, its administrator does it."""
        if not may_administer(self.settings):
            return
        with self._clients() as clients:
            if clients.exists(client_id(tenant)):
                clients.put(_client(tenant, organisation, realm(self.settings)["clients"], kafka=kafka))

    def withdraw(self, tenant: str) -> None:
        """See `Keys`. Where the hub may not administer the realm, it has made no key."""
        if not may_administer(self.settings):
            return
        with self._clients() as clients:
            clients.delete(client_id(tenant))

    @contextmanager
    def _clients(self) -> Iterator[OwnClients]:
        try:
            with administration(self.settings, self.secrets) as admin:
                yield OwnClients(admin)
        except (ServiceMissing, Misconfigured) as error:
            raise RoomUnavailable(str(error)) from error


def client_id(tenant: str) -> str:
    """Of the tenant's machine client."""
    return f"{OF_TENANTS}{tenant}"


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
