"""Where the hub's servers are and how its own processes log in: embedded or external, the settings decide."""

from __future__ import annotations

from cityhub.bus.access import KafkaAccess
from cityhub.hub.embedded import kafka
from cityhub.hub.identity.endpoints import RealmEndpoints
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings


def kafka_access(settings: Settings, secrets: Secrets) -> KafkaAccess:
    """The hub's log-in at Kafka."""
    if not settings.kafka_bootstrap:
        return kafka.access(settings, secrets)
    return KafkaAccess(
        bootstrap=settings.kafka_bootstrap, username=settings.kafka_username, password=settings.kafka_password
    )


def realm(settings: Settings) -> RealmEndpoints:
    """The addresses of the realm."""
    return RealmEndpoints(settings.public_url, settings.keycloak_url or f"http://127.0.0.1:{settings.keycloak_port}")
