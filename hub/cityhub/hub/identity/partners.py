"""Partners of a running hub: their machine clients in the realm, and what follows from them on Kafka.

Every step can be repeated: what is there already stays, what is missing is made.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from cityhub.bus import reach, topics
from cityhub.bus.access import KafkaAccess
from cityhub.hub import acl
from cityhub.hub.access import kafka_access
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.identity import people
from cityhub.hub.identity.administration import administration
from cityhub.hub.identity.clients import OwnClients
from cityhub.hub.identity.grants import Grant, client_of, grant_of
from cityhub.hub.identity.people import Person
from cityhub.hub.identity.provision import realm
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings

# Each function raises ServiceMissing or BusError where a server does not answer or refuses, and Misconfigured where the
# hub may not administer the realm, or Keycloak does not know its client.


def grants(settings: Settings, secrets: Secrets) -> list[Grant]:
    """Every partner that has a client, by name; revoked ones too."""
    with administration(settings, secrets) as admin:
        found = [grant_of(client) or _built_in(client) for client in admin.get_clients()]
    return sorted((grant for grant in found if grant), key=lambda grant: grant.partner)


def onboard(
    settings: Settings, secrets: Secrets, wanted: Grant, *, may_redrive: bool | None = None
) -> tuple[Grant, list[str], str]:
    """Give a partner its topics, rules, quota and client; last the client, so that one that can log in can work.

    Args:
        may_redrive: whether its client may drive dead letters in again; None = as it was, at first it may not.

    Returns:
        What is granted now, the topics that were made, and the secret of a client that was made, else "".
    """
    access = _kafka(settings, secrets)
    known = next((grant for grant in grants(settings, secrets) if grant.partner == wanted.partner), None)
    stands = known is not None and known.since and not known.revoked
    if may_redrive is None:
        may_redrive = known is not None and known.may_redrive
    since = known.since if known and stands else _today()
    grant = replace(wanted, may_redrive=may_redrive, since=since, revoked="")
    made = enforce(access, grant)
    with administration(settings, secrets) as admin:
        clients = OwnClients(admin)
        new = clients.put(_client(settings, grant))
        return grant, made, clients.secret(grant.client) if new else ""


def invite(
    settings: Settings,
    secrets: Secrets,
    partner: str,
    name: str,
    *,
    may_redrive: bool | None = None,
    new_password: bool = False,
) -> str:
    """Let somebody of a partner in, as `people.invite` says; a password that was made, else ""."""
    with administration(settings, secrets) as admin:
        return people.invite(admin, partner, name, may_redrive=may_redrive, new_password=new_password)


def everybody(settings: Settings, secrets: Secrets) -> list[Person]:
    """The people of all partners, by name."""
    with administration(settings, secrets) as admin:
        return people.everybody(admin)


def revoke(settings: Settings, secrets: Secrets, partner: str) -> tuple[Grant, list[str]]:
    """No new tokens, and no rules: Kafka refuses the next record. Topics, records and the client's id stay.

    Returns:
        What was granted, and the people whose accounts are disabled.
    """
    access = _kafka(settings, secrets)
    known = _known(settings, secrets, partner)
    grant = replace(known, revoked=known.revoked or _today())
    with administration(settings, secrets) as admin:
        OwnClients(admin).put(_client(settings, grant))
        names = people.disable(admin, partner)
    enforce(access, grant)
    return grant, names


def secret(settings: Settings, secrets: Secrets, partner: str, *, rotate: bool = False) -> str:
    """The client's secret; with `rotate` another one from now on, tokens of the old one live on for 5 minutes."""
    grant = _known(settings, secrets, partner)
    with administration(settings, secrets) as admin:
        clients = OwnClients(admin)
        if not rotate:
            return clients.secret(grant.client)
        clients.put(_client(settings, grant))  # from now on the secret is Keycloak's
        return clients.another_secret(grant.client)


def mend(settings: Settings, secrets: Secrets) -> None:
    """Bring clients and Kafka up to what was granted, a partner at a time."""
    access = kafka_access(settings, secrets)
    for grant in grants(settings, secrets):
        if grant.since or grant.revoked:
            with administration(settings, secrets) as admin:
                OwnClients(admin).put(_client(settings, grant))
        enforce(access, grant)


def enforce(access: KafkaAccess, grant: Grant) -> list[str]:
    """Bring Kafka up to what was granted.

    Returns:
        Names of the topics that were made.
    """
    if grant.revoked:
        acl.withdraw(access, [grant.client])
        return []
    made = topics.ensure(access, grant.topics())
    acl.ensure(access, {grant.client: grant.partner})
    return made


def _known(settings: Settings, secrets: Secrets, partner: str) -> Grant:
    found = grants(settings, secrets)
    for grant in found:
        if grant.partner == partner:
            return grant
    there_are = ", ".join(grant.partner for grant in found)
    raise Misconfigured(
        f"partner {partner!r} has no client; there are {there_are}. `cityhub partner onboard {partner}` makes one"
    )


def _built_in(client: dict[str, Any]) -> Grant | None:
    partner = acl.CLIENTS.get(client["clientId"])
    return Grant(partner=partner) if partner else None


def _kafka(settings: Settings, secrets: Secrets) -> KafkaAccess:
    """Asked before anything is changed: a client without rules would be half a partner."""
    access = kafka_access(settings, secrets)
    if reason := reach.unready(access):
        raise ServiceMissing(f"Kafka is needed: {reason}; `cityhub status` tells whether it runs")
    return access


def _client(settings: Settings, grant: Grant) -> dict[str, Any]:
    return client_of(grant, realm(settings)["clients"])


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
