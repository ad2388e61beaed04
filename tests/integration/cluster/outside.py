"""What the example `external` names and does not bring: Secrets, and the addresses of Kafka, Keycloak and partners."""

from __future__ import annotations

from tests.integration.broker import PASSWORD, USER, ExternalKafka
from tests.integration.cluster.places import Outside
from tests.integration.servers import Installation, Keycloak

KAFKA = "kafka-0.hub.example:9093,kafka-1.hub.example:9093"
KEYCLOAK_SECRET = "synthetic-secret-of-the-hub-at-keycloak"


def outside(installation: Installation, kafka: ExternalKafka, keycloak: Keycloak, store: str, transit: str) -> Outside:
    """Where they are here.

    Args:
        installation: whose secrets and public address Keycloak knows.
        store: URL of an empty database.
        transit: URL of the partner's control centre.
    """
    return Outside(
        addresses={
            "https://hub.example": installation.settings.public_url,
            "https://keycloak.hub.example": keycloak.origin,
            KAFKA: kafka.bootstrap,
            "https://vdv.hub.example": transit,
        },
        secrets={
            "cityhub-secrets": {"secrets.json": (installation.settings.data / "secrets.json").read_text("utf-8")},
            "cityhub-database": {"url": store},
            "cityhub-kafka": {"username": USER, "password": PASSWORD},
            "cityhub-kafka-ca": {"ca.crt": kafka.trusted.read_text("utf-8")},
            "cityhub-keycloak": {"secret": KEYCLOAK_SECRET},
        },
    )
