"""Who, beside the hub itself, may do what on Kafka: a partner's client writes its `du.in.<partner>.…` and nothing else;
a tenant of the sandbox writes its `sbx.<tenant>.in`, and reads its other topics with groups of its own.

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
from cityhub.bus.topics import SandboxTopics

CLIENTS: Mapping[str, str] = {"ingest-dvv": "dvv", "ingest-wbd": "wbd"}
"""Partner by client id of the realm: those of every installation. Others are onboarded (`identity.partners`)."""
BYTES_PER_S = 1 << 20
"""What each partner's client may write, per broker."""
TENANT_WRITES_B, TENANT_READS_B = 256 << 10, 1 << 20
"""What a tenant's client may write and read in a second, per broker."""

_EVERY_HOST = "*"


def rules(client: str, partner: str) -> list[ACL]:
    """What a partner's client may do. WRITE on a topic includes idempotent producing, which has no right of its own."""
    own = ResourcePattern(ResourceType.TOPIC, topics.quarantine(partner, "").name, ACLResourcePatternType.PREFIXED)
    return _allowed(client, own, ACLOperation.WRITE, ACLOperation.DESCRIBE)


def tenant_rules(client: str, own: SandboxTopics) -> list[ACL]:
    """What the client of a tenant of the sandbox may do."""
    literal = ACLResourcePatternType.LITERAL
    incoming = ResourcePattern(ResourceType.TOPIC, own.incoming, literal)
    groups = ResourcePattern(ResourceType.GROUP, own.prefix, ACLResourcePatternType.PREFIXED)
    read = [ResourcePattern(ResourceType.TOPIC, name, literal) for name in own.outgoing.values()]
    return [
        *_allowed(client, incoming, ACLOperation.WRITE, ACLOperation.DESCRIBE),
        *(rule for topic in read for rule in _allowed(client, topic, ACLOperation.READ, ACLOperation.DESCRIBE)),
        *_allowed(client, groups, ACLOperation.READ),
    ]


def admit_tenant(access: KafkaAccess, client: str, own: SandboxTopics) -> None:
    """Give a tenant's client its rules and quotas, and take away every other rule that it has. Raises: as `ensure`."""
    with administration(access, "cityhub-acl") as admin:
        _exactly(admin, client, tenant_rules(client, own))
        admin.limit(client, produced=TENANT_WRITES_B, consumed=TENANT_READS_B)


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
            admin.limit(client, produced=BYTES_PER_S)
        return added


def forget_groups(access: KafkaAccess, prefix: str) -> None:
    """Delete consumer groups with this prefix. Raises: as `ensure`; BusRefused where a member came back."""
    with administration(access, "cityhub-acl") as admin:
        admin.forget_groups(prefix)


def withdraw(access: KafkaAccess, clients: Iterable[str]) -> None:
    """Take every rule and the quotas from the clients; the broker refuses their next record.

    Raises:
        BusUnavailable, BusRefused: as `ensure`.
    """
    with administration(access, "cityhub-acl") as admin:
        for client in clients:
            _exactly(admin, client, [])
            admin.limit(client, produced=None)


def _allowed(client: str, pattern: ResourcePattern, *operations: ACLOperation) -> list[ACL]:
    return [ACL(f"User:{client}", _EVERY_HOST, one, ACLPermissionType.ALLOW, pattern) for one in operations]


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
