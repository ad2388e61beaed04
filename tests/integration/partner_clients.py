"""Kafka clients as a partner has them: with a token of the realm."""

from __future__ import annotations

from typing import Any

from kafka import KafkaProducer
from kafka.net.sasl.oauth import AbstractTokenProvider


class _Fixed(AbstractTokenProvider):  # type: ignore[misc]
    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def token(self) -> str:
        return self._token


def bearer_login(bootstrap: str, token: str) -> dict[str, Any]:
    """Keyword arguments of kafka-python's clients."""
    return {
        "bootstrap_servers": [bootstrap],
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_token_provider": _Fixed(token),
    }


def partner_producer(bootstrap: str, token: str) -> Any:
    """A producer that repeats nothing twice."""
    return KafkaProducer(**bearer_login(bootstrap, token), acks="all", enable_idempotence=True)
