"""Where the hub's servers are and how its own processes log in: embedded or external, the settings decide."""

from __future__ import annotations

import ssl

from cityhub.bus.access import KafkaAccess
from cityhub.hub.embedded import kafka
from cityhub.hub.errors import Misconfigured
from cityhub.hub.identity.endpoints import RealmEndpoints
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings


def kafka_access(settings: Settings, secrets: Secrets) -> KafkaAccess:
    """The hub's log-in at Kafka.

    Raises:
        Misconfigured: the file of certificates cannot be used.
    """
    if not settings.kafka_bootstrap:
        return kafka.access(settings, secrets)
    return KafkaAccess(
        bootstrap=settings.kafka_bootstrap,
        username=settings.kafka_username,
        password=settings.kafka_password,
        mechanism=settings.kafka_mechanism,
        tls=_trust(settings.kafka_ca),
    )


def _trust(ca: str) -> ssl.SSLContext | None:
    if not ca:
        return None
    try:
        return ssl.create_default_context(cafile=None if ca == "system" else ca)
    except OSError as error:
        raise Misconfigured(
            f"CITYHUB_KAFKA_CA = {ca!r}: cannot be read as certificates ({error}); name a PEM file, or `system`"
        ) from error


def realm(settings: Settings) -> RealmEndpoints:
    """The addresses of the realm."""
    return RealmEndpoints(settings.public_url, settings.keycloak_url or f"http://127.0.0.1:{settings.keycloak_port}")
