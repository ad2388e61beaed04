"""How a process of the hub reaches Kafka, in the words of each client library."""

from __future__ import annotations

from ssl import SSLContext
from typing import Any

from msgspec import Struct


class KafkaAccess(Struct, frozen=True, kw_only=True):
    """Bootstrap address and SASL login of one of the hub's own processes.

    Attributes:
        bootstrap: `host:port[,host:port]` of the listener for the hub's own processes.
        username, password: login; every process authenticates, there is no anonymous listener.
        mechanism: of SASL: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
        tls: whom to trust on a listener that speaks TLS; None where it does not.
    """

    bootstrap: str
    username: str
    password: str
    mechanism: str = "PLAIN"
    tls: SSLContext | None = None

    def aiokafka(self) -> dict[str, Any]:
        """Keyword arguments for aiokafka's producer and consumer."""
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": "SASL_PLAINTEXT" if self.tls is None else "SASL_SSL",
            "ssl_context": self.tls,
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }

    def kafka_python(self) -> dict[str, Any]:
        """Keyword arguments for kafka-python's clients."""
        return {**self.aiokafka(), "bootstrap_servers": self.bootstrap.split(",")}
