"""The sandbox's `Broker`: topics, rules and quotas of tenants on the hub's Kafka, embedded or external."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from msgspec import Struct

from cityhub.adapters.doors.outcomes import RecordWriter
from cityhub.bus import newest_record, topics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.publisher import RecordPublisher
from cityhub.bus.quarantine import SANDBOX_GROUP, SANDBOX_PATTERN, Quarantine
from cityhub.bus.topics import SandboxTopics
from cityhub.hub import acl
from cityhub.hub.access import realm
from cityhub.hub.embedded.kafka import HOST
from cityhub.hub.identity.administration import may_administer
from cityhub.hub.identity.tenant_keys import client_id
from cityhub.hub.settings import Settings
from cityhub.sandbox.topics.broker import Door, Incoming


class HubBroker(Struct, frozen=True):
    """See `Broker`."""

    settings: Settings
    access: KafkaAccess

    def make(self, tenant: str) -> None:
        """See `Broker`."""
        topics.ensure(self.access, SandboxTopics(tenant).specs())
        self._admit(tenant)

    def make_anew(self, tenant: str) -> None:
        """See `Broker`."""
        topics.make_anew(self.access, SandboxTopics(tenant).specs())
        self._admit(tenant)

    def remove(self, tenant: str) -> None:
        """Rules first, so that nobody comes back meanwhile."""
        own = SandboxTopics(tenant)
        acl.withdraw(self.access, [client_id(tenant)])
        topics.remove(self.access, [spec.name for spec in own.specs()])
        acl.forget_groups(self.access, own.prefix)

    def writer(self) -> AbstractAsyncContextManager[RecordWriter]:
        """See `Broker`."""
        return RecordPublisher(self.access, client_id=SANDBOX_GROUP)

    async def ends(self, tenant: str) -> Mapping[str, Mapping[str, bytes]]:
        """See `Broker`."""
        names = SandboxTopics(tenant).outgoing.values()
        return await newest_record.newest_headers(self.access, names, client_id=SANDBOX_GROUP)

    def incoming(self) -> AbstractAsyncContextManager[Incoming]:
        """See `Broker`."""
        return Quarantine(self.access, SANDBOX_GROUP, SANDBOX_PATTERN, wary=True)

    def door(self, tenant: str) -> Door:
        """See `Broker`."""
        own, external = SandboxTopics(tenant), bool(self.settings.kafka_bootstrap)
        to_do = []
        if external:
            to_do.append("the operator tells the address of Kafka's listener for partners, and whether it speaks TLS")
        if not may_administer(self.settings):
            to_do.append(
                f"the administrator of {self.settings.keycloak_url} gives the client {client_id(tenant)} the scope "
                "cityhub-kafka"
            )
        return Door(
            open=False,
            ready=False,
            client=client_id(tenant),
            bootstrap="" if external else f"{HOST}:{self.settings.kafka_partner_port}",
            security_protocol="SASL_SSL" if external else "SASL_PLAINTEXT",
            sasl_mechanism="OAUTHBEARER",
            token_url=f"{realm(self.settings).issuer}/protocol/openid-connect/token",
            reads=own.outgoing,
            writes=own.incoming,
            group_prefix=own.prefix,
            retention_days=topics.SANDBOX_DAYS,
            writes_b_s=acl.TENANT_WRITES_B,
            reads_b_s=acl.TENANT_READS_B,
            to_do=tuple(to_do),
        )

    def _admit(self, tenant: str) -> None:
        acl.admit_tenant(self.access, client_id(tenant), SandboxTopics(tenant))
