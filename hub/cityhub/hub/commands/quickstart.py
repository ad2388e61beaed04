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
        token_url, events_url: addresses. kafka: `host:port` of the partners' listener.
        first: an event that passes, marked as synthetic.
    """

    grant: Grant
    secret: str
    token_url: str
    events_url: str
    kafka: str
    first: Event

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
        """For people; the shell commands work as they stand."""
        grant = self.grant
        secret = self.secret or f"shown before; `cityhub partner secret {grant.partner}` shows it again"
        return "\n".join(
            [
                f"partner {grant.partner}, since {grant.since}",
                f"client  {grant.client}",
                f"secret  {secret}",
                "",
                "It may send these types of events:",
                *(f"  {type_}" for type_ in grant.types),
                "",
                "# a token, good for 5 minutes; put the secret into $SECRET first",
                f'TOKEN=$(curl -s {self.token_url} -u {grant.client}:"$SECRET" -d grant_type=client_credentials \\',
                "  | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"access_token\"])')",
                "",
                "# a first event by HTTP, judged and not written; without ?validateOnly=true it is written (synthetic)",
                f"curl -s '{self.events_url}?validateOnly=true' -H \"Authorization: Bearer $TOKEN\" \\",
                "  -H 'Content-Type: application/cloudevents+json' -d @- <<'EVENT'",
                codec.encode(self.first).decode(),
                "EVENT",
                "",
                f"# or with its own Kafka client, into {', '.join(grant.incoming)}",
                *self._kafka_properties(),
            ]
        )

    def _kafka_properties(self) -> list[str]:
        client = f'clientId="{self.grant.client}" clientSecret="$SECRET"'
        return [
            f"bootstrap.servers={self.kafka}",
            "security.protocol=SASL_PLAINTEXT",
            "sasl.mechanism=OAUTHBEARER",
            f"sasl.oauthbearer.token.endpoint.url={self.token_url}",
            f"sasl.login.callback.handler.class={_LOGIN}CallbackHandler",
            f"sasl.jaas.config={_LOGIN}Module required {client};",
            "acks=all",
            "enable.idempotence=true",
            f"# Java: -Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self.token_url}",
        ]


def of(settings: Settings, grant: Grant, secret: str) -> Quickstart:
    """The quickstart of a partner that was onboarded."""
    embedded = f"{HOST}:{settings.kafka_partner_port}"
    return Quickstart(
        grant=grant,
        secret=secret,
        token_url=f"{realm(settings).issuer}/protocol/openid-connect/token",
        events_url=f"{settings.public_url}/v1/events",
        kafka=f"<partners' listener of {settings.kafka_bootstrap}>" if settings.kafka_bootstrap else embedded,
        first=first_event(load_contracts()[grant.types[0]], datetime.now(UTC).replace(microsecond=0)),
    )
