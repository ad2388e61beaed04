"""A publisher for partners who write to Kafka. Needs the extra `cityhub-sdk[kafka]`.

Source of the rules: docs/doors.md (Kafka), docs/security.md (a token of the realm, `du.in.<partner>.…`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.net.sasl.oauth import AbstractTokenProvider

from cityhub.sdk import codec
from cityhub.sdk.client.delivery import Parcel, Result, merged, parcel_of, rejected
from cityhub.sdk.client.http import HttpPublisher
from cityhub.sdk.contract import Contracts, load_contracts
from cityhub.sdk.door import contract_of
from cityhub.sdk.errors import HubRefused, NotAcknowledged, RejectedEvent, Undelivered
from cityhub.sdk.event import Event

TIMEOUT_S = 60.0


class KafkaPublisher:
    """Writes events to `du.in.<partner>.<stream>`, acknowledged by all replicas, without repeating any by itself.

    `accepted` means here: it stands in that topic. The hub judges it a moment later; what it refuses stands in
    `du.dlq.<partner>`, so judge beforehand.

    Args:
        bootstrap: `host:port` of the partners' listener.
        http: gives tokens and judges; stays the caller's to close.
        tls: whether the listener speaks TLS.
        timeout_s: for an acknowledgement.
        connect: makes the producer.
    """

    def __init__(
        self,
        bootstrap: str,
        http: HttpPublisher,
        *,
        contracts: Contracts | None = None,
        tls: bool = False,
        timeout_s: float = TIMEOUT_S,
        connect: Callable[..., Any] = KafkaProducer,
    ) -> None:
        self._judge = http.judge
        self._contracts = contracts or load_contracts()
        self._timeout_s = timeout_s
        self._producer = connect(
            bootstrap_servers=bootstrap.split(","),
            security_protocol="SASL_SSL" if tls else "SASL_PLAINTEXT",
            sasl_mechanism="OAUTHBEARER",
            sasl_oauth_token_provider=_Provider(http.token),
            acks="all",
            enable_idempotence=True,
            max_block_ms=int(timeout_s * 1000),
            delivery_timeout_ms=int(timeout_s * 1000),
            request_timeout_ms=int(timeout_s * 500),
        )

    def publish(self, events: Iterable[Event]) -> list[Result]:
        """Write; a result per event, in order. Raises: as `send`."""
        said = [parcel_of(event, self._judge) for event in events]
        try:
            return merged(said, self.send([one for one in said if isinstance(one, Parcel)]))
        except Undelivered as error:
            error.results = merged(said, error.results)
            raise

    def send(self, parcels: Sequence[Parcel], producer: str = "") -> list[Result]:
        """Write what was judged before.

        Raises:
            NotAcknowledged: not all of it was acknowledged. HubRefused: Kafka refuses the client.
        """
        end = time.monotonic() + self._timeout_s
        begun, trouble = self._begin(parcels)
        results = []
        for parcel, future in zip(parcels, begun, strict=False):  # fewer, when there was trouble
            try:
                results.append(_place(parcel, future, end))
            except RejectedEvent as why:
                results.append(rejected(parcel.id, why))
            except KafkaError as error:
                trouble = trouble or error
                results.append(Result(id=parcel.id, status="unknown", detail=str(error)))
        if trouble is not None:
            kind = NotAcknowledged if getattr(trouble, "retriable", True) else HubRefused
            failed = kind(f"Kafka has not acknowledged all of it: {trouble or type(trouble).__name__}")
            rest = parcels[len(results) :]
            failed.results = [*results, *(Result(id=one.id, status="unknown", detail=str(trouble)) for one in rest)]
            raise failed
        return results

    def close(self) -> None:
        """Close connections; what was not acknowledged was never reported as accepted."""
        self._producer.close(timeout=self._timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, parcels: Sequence[Parcel]) -> tuple[list[Any], Exception | None]:
        """What is on its way, or why it cannot be, up to the first trouble that is no event's own."""
        begun: list[Any] = []
        for parcel in parcels:
            try:
                event = codec.decode(parcel.body)
                stream = contract_of(event.type, self._contracts, event.partner).topic.split(".")[3]
                topic = f"du.in.{event.partner}.{stream}"
                begun.append(self._producer.send(topic, value=parcel.body, key=event.partitionkey.encode()))
            except RejectedEvent as why:
                begun.append(why)
            except (KafkaError, Undelivered) as error:
                return begun, error
        return begun, None


class _Provider(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no types
    """A token of the realm whenever Kafka asks for one."""

    def __init__(self, token: Callable[[], str]) -> None:
        super().__init__()
        self._token = token

    def token(self) -> str:
        return self._token()


def _place(parcel: Parcel, future: Any, end: float) -> Result:
    if isinstance(future, RejectedEvent):
        raise future
    done = future.get(timeout=max(0.0, end - time.monotonic()))
    return Result(id=parcel.id, status="accepted", topic=done.topic, partition=done.partition, offset=done.offset)
