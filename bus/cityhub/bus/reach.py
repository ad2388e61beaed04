"""Whether Kafka serves the hub's log-in: a question of its own, on a connection of its own."""

from __future__ import annotations

import socket

from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from cityhub.bus.access import KafkaAccess

_TIMEOUT_S = 1.0


def unready(access: KafkaAccess) -> str | None:
    """None when a broker of the bootstrap list serves, else why not. At most 3 s, and a second per silent address.

    The address is knocked at first: a client would try for long.
    """
    reasons = [reason for address in access.bootstrap.split(",") if (reason := _silent(address))]
    if len(reasons) == len(access.bootstrap.split(",")):
        return "; ".join(reasons)
    clients: list[KafkaNetClient] = []

    def client(**config: object) -> KafkaNetClient:
        clients.append(KafkaNetClient(**config))
        return clients[-1]

    try:
        admin = KafkaAdminClient(
            **access.kafka_python(), kafka_client=client, bootstrap_timeout_ms=1000, request_timeout_ms=1000
        )
        serving = [broker for broker in admin.describe_cluster()["brokers"] if not broker["is_fenced"]]
    except KafkaError as error:
        return f"{access.bootstrap} does not serve the hub's log-in yet: {error}"
    finally:
        for made in clients:  # an admin client whose constructor fails leaves its thread behind
            made.close()
    return None if serving else "the broker is not yet part of its cluster"


def _silent(address: str) -> str | None:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        return f"nothing answers at {address} yet: {getattr(error, 'strerror', None) or error}"
    return None
