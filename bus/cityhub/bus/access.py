"""How a process of the hub reaches Kafka, in the words of each client library."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class KafkaAccess(Struct, frozen=True, kw_only=True):
    """Bootstrap address and SASL/PLAIN login of one of the hub's own processes.

    Attributes:
        bootstrap: `host:port[,host:port]` of the listener for the hub's own processes.
        username, password: login; every process authenticates, there is no anonymous listener.
    """

    bootstrap: str
    username: str
    password: str

    def aiokafka(self) -> dict[str, Any]:
        """Keyword arguments for aiokafka's producer and consumer."""
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }

    def kafka_python(self) -> dict[str, Any]:
        """Keyword arguments for kafka-python's clients."""
        return {**self.aiokafka(), "bootstrap_servers": self.bootstrap.split(",")}
