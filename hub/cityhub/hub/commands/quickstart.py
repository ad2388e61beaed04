"""How a partner begins: its addresses, its client, and a first event that the hub takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from cityhub.hub.access import realm
from cityhub.hub.embedded.kafka import HOST
from cityhub.hub.identity.grants import Grant
from cityhub.hub.settings import Settings
from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event
from cityhub.sdk.sample import first_event

_LOGIN = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLogin"


class Quickstart(Struct, frozen=True, kw_only=True):
    """What a partner has to know.

    Attributes:
        secret: of a client that was just made; "" = it was shown before.
        base_url, token_url: addresses. kafka: `host:port` of the partners' listener; tls: which speaks TLS.
        first: an event that passes, marked as synthetic.
    """

    grant: Grant
    secret: str
    base_url: str
    token_url: str
    kafka: str
    tls: bool
    first: Event

    @property
    def events_url(self) -> str:
        """Of the HTTP door."""
        return f"{self.base_url}/v1/events"

    def as_json(self) -> dict[str, Any]:
        """For programs; without a secret that was shown before."""
        return {
            **msgspec.to_builtins(self.grant),
            "client": self.grant.client,
            **({"secret": self.secret} if self.secret else {}),
            "token_url": self.token_url,
            "events_url": self.events_url,
            "kafka": self.kafka,
            "topics": self.grant.incoming,
            "first_event": msgspec.json.decode(codec.encode(self.first)),
        }

    def text(self) -> str:
        """For people; the shell commands work as they stand, from top to bottom."""
        grant = self.grant
        return "\n".join(
            [
                f"partner {grant.partner}, since {grant.since}",
                f"client  {grant.client}",
                f"secret  {self.secret or 'shown before'}",
                "",
                "It may send these types of events:",
                *(f"  {type_}" for type_ in grant.types),
                "",
                *self.shell(),
                "",
                f"# or with its own Kafka client, into {', '.join(grant.incoming)}",
                *self._kafka_properties(),
            ]
        )

    def shell(self) -> list[str]:
        """A script for any shell with curl and Python: a token, a first event, and what became of it."""
        secret = f"'{self.secret}'" if self.secret else f"$(cityhub partner secret {self.grant.partner})"
        auth = '-H "Authorization: Bearer $TOKEN"'
        send = f"curl -s {auth} -H 'Content-Type: application/cloudevents+json' -d \"$EVENT\""
        return [
            "# 1. a token, good for 5 minutes",
            f"SECRET={secret}",
            f'TOKEN=$(curl -s {self.token_url} -u {self.grant.client}:"$SECRET" -d grant_type=client_credentials \\',
            "  | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"access_token\"])')",
            "",
            "# 2. a first event, marked as synthetic: judged, nothing is written",
            f"EVENT='{codec.encode(self.first).decode()}'",
            f"{send} '{self.events_url}?validateOnly=true'; echo",
            "",
            "# 3. the same, sent",
            f"{send} '{self.events_url}'; echo",
            "",
            "# 4. where it is, some seconds later, and what the ledger says",
            f"curl -s {auth} '{self.base_url}/v1/partner/trace/{self.first.id}'; echo",
            f"curl -s {auth} '{self.base_url}/v1/partner/ledger'; echo",
        ]

    def _kafka_properties(self) -> list[str]:
        client = f'clientId="{self.grant.client}" clientSecret="$SECRET"'
        return [
            f"bootstrap.servers={self.kafka}",
            f"security.protocol={'SASL_SSL' if self.tls else 'SASL_PLAINTEXT'}",
            "sasl.mechanism=OAUTHBEARER",
            f"sasl.oauthbearer.token.endpoint.url={self.token_url}",
            f"sasl.login.callback.handler.class={_LOGIN}CallbackHandler",
            f"sasl.jaas.config={_LOGIN}Module required {client};",
            "acks=all",
            "enable.idempotence=true",
            "key.serializer=org.apache.kafka.common.serialization.StringSerializer",
            "value.serializer=org.apache.kafka.common.serialization.ByteArraySerializer",
            f"# Java: -Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self.token_url}",
        ]


def of(settings: Settings, grant: Grant, secret: str) -> Quickstart:
    """The quickstart of a partner that was onboarded."""
    embedded = f"{HOST}:{settings.kafka_partner_port}"
    return Quickstart(
        grant=grant,
        secret=secret,
        base_url=settings.public_url,
        token_url=f"{realm(settings).issuer}/protocol/openid-connect/token",
        tls=bool(settings.kafka_bootstrap),
        kafka=f"<partners' listener of {settings.kafka_bootstrap}>" if settings.kafka_bootstrap else embedded,
        first=first_event(load_contracts()[grant.types[0]], datetime.now(UTC).replace(microsecond=0)),
    )
