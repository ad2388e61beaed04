"""Who, beside the hub itself, may do what on Kafka: a partner's client writes its `du.in.<partner>.…` and nothing else.

The broker's authoriser refuses whatever no rule allows, so only what is allowed is written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from cityhub.bus import topics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.admin import Admin, administration

CLIENTS: Mapping[str, str] = {"ingest-dvv": "dvv", "ingest-wbd": "wbd"}
"""Partner by client id of the realm: those of every installation. Others are onboarded (`identity.partners`)."""
BYTES_PER_S = 1 << 20
"""What each partner's client may write, per broker."""

_EVERY_HOST = "*"


def rules(client: str, partner: str) -> list[ACL]:
    """What a partner's client may do. WRITE on a topic includes idempotent producing, which has no right of its own."""
    own = ResourcePattern(ResourceType.TOPIC, topics.quarantine(partner, "").name, ACLResourcePatternType.PREFIXED)
    return [
        ACL(f"User:{client}", _EVERY_HOST, operation, ACLPermissionType.ALLOW, own)
        for operation in (ACLOperation.WRITE, ACLOperation.DESCRIBE)
    ]


def ensure(access: KafkaAccess, clients: Mapping[str, str] = CLIENTS) -> Sequence[ACL]:
    """Give each client its rules and its quota, and take away every other rule that it has.

    Args:
        clients: partner by client id.

    Returns:
        The rules that were added.

    Raises:
        BusUnavailable: the broker does not answer.
        BusRefused: it does not let this log-in change rules.
    """
    with administration(access, "cityhub-acl") as admin:
        added = [
            rule for client, partner in clients.items() for rule in _exactly(admin, client, rules(client, partner))
        ]
        for client in clients:
            admin.limit_producer(client, BYTES_PER_S)
        return added


def withdraw(access: KafkaAccess, clients: Iterable[str]) -> None:
    """Take every rule and the quota from the clients; the broker refuses their next record.

    Raises:
        BusUnavailable, BusRefused: as `ensure`.
    """
    with administration(access, "cityhub-acl") as admin:
        for client in clients:
            _exactly(admin, client, [])
            admin.limit_producer(client, None)


def _exactly(admin: Admin, client: str, wanted: Sequence[ACL]) -> Sequence[ACL]:
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    of_client = ACLFilter(f"User:{client}", None, ACLOperation.ANY, ACLPermissionType.ANY, everything)
    found, _ = admin.describe_acls(of_client)
    surplus = [rule for rule in found if rule not in wanted]
    missing = [rule for rule in wanted if rule not in found]
    if surplus:
        admin.delete_acls(surplus)
    refused = admin.create_acls(missing)["failed"] if missing else []
    if refused:
        raise refused[0](f"rules of {client}")
    return missing
