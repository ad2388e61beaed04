"""The servers of the integration tests, one of each for all campaigns."""

from __future__ import annotations

from tests.integration.conftest import installation, kafka, keycloak
from tests.integration.postgres import postgres

__all__ = ["installation", "kafka", "keycloak", "postgres"]
