"""Changing what the broker holds beside records: topics, access rules, quotas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, for_code
from kafka.protocol.admin import AlterClientQuotasRequest

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusRefused, BusUnavailable

_TIMEOUT_MS = 60_000
_PRODUCED = "producer_byte_rate"


class Admin(KafkaAdminClient):  # type: ignore[misc] # untyped library
    """kafka-python's administration, and the quotas that it has messages for but no method."""

    def limit_producer(self, user: str, bytes_per_s: float | None) -> None:
        """How much a log-in may write to each broker; None = no limit of its own.

        Raises:
            KafkaError: the broker refuses.
        """
        entry = AlterClientQuotasRequest.EntryData
        request = AlterClientQuotasRequest(
            entries=[
                entry(
                    entity=[entry.EntityData(entity_type="user", entity_name=user)],
                    ops=[entry.OpData(key=_PRODUCED, value=bytes_per_s or 0.0, remove=bytes_per_s is None)],
                )
            ],
            validate_only=False,
        )
        for answer in self._manager.run(self._manager.send, request).entries:
            if answer.error_code:
                raise for_code(answer.error_code)(answer.error_message)


@contextmanager
def administration(access: KafkaAccess, client_id: str) -> Iterator[Admin]:
    """A connection for changes; closed at the end.

    Raises:
        BusUnavailable: the broker does not answer.
        BusRefused: it does not let this log-in make the change.
    """
    try:
        admin = Admin(**access.kafka_python(), client_id=client_id, request_timeout_ms=_TIMEOUT_MS)
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        if error.retriable:
            raise BusUnavailable(f"{access.bootstrap} does not answer: {error}; try again") from error
        raise BusRefused(
            f"{access.bootstrap} does not let {access.username} change topics and rules: {error}; "
            "docs/helm.md (Kafka) lists what it must be allowed"
        ) from error
