"""Who, beside the hub itself, may do what on Kafka: a partner's client writes its `du.in.<partner>.…` and nothing else.

The broker's authoriser refuses whatever no rule allows, so only what is allowed is written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kafka import KafkaAdminClient
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
from kafka.errors import KafkaError

from cityhub.bus import topics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusRefused, BusUnavailable

CLIENTS: Mapping[str, str] = {"ingest-dvv": "dvv", "ingest-wbd": "wbd"}
"""Partner by client id of the realm."""

_EVERY_HOST = "*"


def rules(client: str, partner: str) -> list[ACL]:
    """What a partner's client may do. WRITE on a topic includes idempotent producing, which has no right of its own."""
    own = ResourcePattern(ResourceType.TOPIC, topics.quarantine(partner, "").name, ACLResourcePatternType.PREFIXED)
    return [
        ACL(f"User:{client}", _EVERY_HOST, operation, ACLPermissionType.ALLOW, own)
        for operation in (ACLOperation.WRITE, ACLOperation.DESCRIBE)
    ]


def ensure(access: KafkaAccess, clients: Mapping[str, str] = CLIENTS) -> Sequence[ACL]:
    """Give each client its rules and take away every other rule that it has.

    Args:
        clients: partner by client id.

    Returns:
        The rules that were added.

    Raises:
        BusUnavailable: the broker does not answer.
        BusRefused: it does not let this log-in change rules.
    """
    try:
        admin = KafkaAdminClient(**access.kafka_python(), client_id="cityhub-acl", request_timeout_ms=60_000)
        try:
            return [rule for client, partner in clients.items() for rule in _ensure(admin, client, partner)]
        finally:
            admin.close()
    except KafkaError as error:
        if error.retriable:
            raise BusUnavailable(f"{access.bootstrap} does not answer: {error}; try again") from error
        raise BusRefused(f"{access.bootstrap} does not let {access.username} change access rules: {error}") from error


def _ensure(admin: KafkaAdminClient, client: str, partner: str) -> Sequence[ACL]:
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    of_client = ACLFilter(f"User:{client}", None, ACLOperation.ANY, ACLPermissionType.ANY, everything)
    found, _ = admin.describe_acls(of_client)
    wanted = rules(client, partner)
    surplus = [rule for rule in found if rule not in wanted]
    missing = [rule for rule in wanted if rule not in found]
    if surplus:
        admin.delete_acls(surplus)
    refused = admin.create_acls(missing)["failed"] if missing else []
    if refused:
        raise refused[0](f"rules of {client}")
    return missing
