"""The observer: looks at every source each five minutes, keeps what it saw, and tells it as events of the hub.

What it saw is written before it is told, so that a second look at a step, after a crash, tells the same with the same
ids. It runs beside the ledger and looks at a step once the ledger knows everything that was appended in it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Protocol

from sqlalchemy import Connection, delete, func, select
from structlog import get_logger

from cityhub.bus.publisher import Outgoing, record_of
from cityhub.kpi.health.hours import promised_before, promised_s
from cityhub.kpi.health.source import MISSED_REPORTS, STEP_S, Observation
from cityhub.kpi.kernel.histogram import quantile
from cityhub.kpi.ledger import steps
from cityhub.kpi.ledger.steps import Place, Step
from cityhub.kpi.store import health_tables as tables
from cityhub.kpi.store import schema, source_health
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dialect import insert_missing
from cityhub.kpi.store.tenure import Fence
from cityhub.sdk import codec
from cityhub.sdk.contract import Contract, Contracts
from cityhub.sdk.door import HUB
from cityhub.sdk.event import Event, make_event

log = get_logger()

SOURCE = "//cityhub/observer"
OBSERVED = "de.duisburg.hub.source.observed.v1"
COUNTED = "de.duisburg.hub.letters.counted.v1"
SKEW_S = 10
"""The broker's clock stamps, another one says that a step is over: so far apart they may be."""
KNOWN_S = 7 * 86_400
"""Who has not reported for a week was taken down: within a week a silent device is mended or written off."""
_P95 = Fraction(95, 100)


class Sink(Protocol):
    """Where records go; `cityhub.bus.publisher.RecordPublisher` is the real one."""

    async def send(self, topic: str, records: Sequence[Outgoing]) -> object: ...


class Answers(Protocol):
    """By topic, up to when a feed has told everything that happened, also that nothing did."""

    def __call__(self) -> Mapping[str, datetime]: ...


class Observer:
    """Looks at the sources of the contracts.

    Args:
        fence: raises inside a transaction that may not be committed any more.
    """

    def __init__(
        self,
        database: Database,
        contracts: Contracts,
        records: Sink,
        answers: Answers = dict,
        fence: Fence = lambda _: None,
    ) -> None:
        self._database = database
        self._contracts = [one for one in contracts.values() if one.partner != HUB and one.status == "active"]
        self._topic = contracts[OBSERVED].topic
        self._records = records
        self._answers = answers
        self._fence = fence

    async def run(self, complete: datetime) -> None:
        """Look at the newest step that is over, if that was not done yet, and tell what was not told yet.

        Steps between that passed while nobody looked are left out: nobody saw them.

        Args:
            complete: everything appended before is in the ledger; the epoch = that is not known yet.

        Raises:
            BusError, StoreUnavailable, LeaseLost: what was not done is done next time.
        """
        if complete.timestamp():
            await asyncio.to_thread(self.observe, complete)
        await self.tell()

    def observe(self, complete: datetime) -> None:
        """The part of `run` that looks."""
        start_s = (int(complete.timestamp()) - SKEW_S) // STEP_S * STEP_S - STEP_S
        with self._database.begin() as connection:
            before = source_health.last_step(connection)
            if (before is not None and before >= start_s) or start_s < _began_s(connection):
                return
            self._fence(connection)
            seen = steps.steps_at(connection, start_s)
            found = list(self._looked_at(connection, start_s, seen))
            source_health.observe(connection, found)
            simulated = _simulated(connection)
            events = [*self._observed(found, simulated), *_letters(seen, start_s)]
            rows = [{"id": event.id, "payload": codec.encode(event)} for event in events]
            insert_missing(connection, tables.outgoing, rows)
            steps.forget(connection, start_s)
            source_health.forget(connection, start_s)
        log.info("sources_observed", step=datetime.fromtimestamp(start_s, UTC).isoformat(), sources=len(found))

    async def tell(self) -> None:
        """The part of `run` that tells."""
        row = tables.outgoing.c
        with self._database.snapshot() as connection:
            waiting = {id_: bytes(payload) for id_, payload in connection.execute(select(row.id, row.payload))}
        if not waiting:
            return
        await self._records.send(self._topic, [record_of(codec.decode(payload)) for payload in waiting.values()])
        with self._database.begin() as connection:
            connection.execute(delete(tables.outgoing).where(row.id.in_(list(waiting))))

    def _looked_at(self, connection: Connection, start_s: int, seen: Mapping[Place, Step]) -> Iterator[Observation]:
        end_s = start_s + STEP_S
        newest, answers = steps.newest_ms(connection, end_s), self._answers()
        for contract in self._contracts:
            newest_s = newest.get(contract.type, 0) // 1_000
            if answered := answers.get(contract.type):
                newest_s = max(newest_s, min(int(answered.timestamp()), end_s))
            if newest_s:
                step = seen.get(Place(contract.partner, contract.type, start_s), Step())
                known, heard = self._reporters(connection, contract, end_s)
                yield Observation(
                    source=contract.type,
                    start_s=start_s,
                    newest_s=newest_s,
                    promised_s=contract.cadence_s,
                    age_s=promised_s(contract.promised, newest_s, end_s),
                    received=step.received,
                    rejected=step.refused.total(),
                    known=known,
                    heard=heard,
                    lag_p95_ms=quantile(step.lags, _P95),
                )

    def _reporters(self, connection: Connection, contract: Contract, end_s: int) -> tuple[int | None, int | None]:
        if contract.reporters is None:
            return None, None
        heard_s = promised_before(contract.promised, end_s, MISSED_REPORTS * contract.cadence_s)
        known_s = min(end_s - KNOWN_S, 2 * heard_s - end_s)
        return steps.reporters(connection, contract.type, known_s * 1_000, heard_s * 1_000)

    def _observed(self, found: Sequence[Observation], simulated: set[str]) -> Iterator[Event]:
        topics = {contract.type: contract.topic for contract in self._contracts}
        for one in found:
            partner = one.source.split(".")[2]
            data = {"source": one.source, "partner": partner, "in_time": one.in_time}
            numbers = ("promised_s", "age_s", "received", "rejected", "known", "heard", "lag_p95_ms")
            data |= {name: value for name in numbers if (value := getattr(one, name)) is not None}
            yield _event(OBSERVED, one.source, one.start_s, data, synthetic=topics[one.source] in simulated)


def _letters(seen: Mapping[Place, Step], start_s: int) -> Iterator[Event]:
    counts: Counter[tuple[str, str]] = Counter()
    for place, step in seen.items():
        if place.partner != HUB:
            counts.update({(place.partner, reason): count for reason, count in step.refused.items()})
    for (partner, reason), count in sorted(counts.items()):
        yield _event(
            COUNTED, f"{partner}/{reason}", start_s, {"partner": partner, "reason": reason[:256], "letters": count}
        )


def _event(type_: str, subject: str, start_s: int, data: dict[str, Any], *, synthetic: bool = False) -> Event:
    """It is of the step's start, so that windows hold the steps that lie in them."""
    at = datetime.fromtimestamp(start_s, UTC)
    return make_event(
        type_=type_,
        source=SOURCE,
        natural_key=(type_, subject),
        version=at.isoformat(),
        subject=subject,
        time=at,
        recorded_at=datetime.fromtimestamp(start_s + STEP_S, UTC),
        data=data,
        synthetic=synthetic,
    )


def _began_s(connection: Connection) -> float:
    """When the hub began to count; of a step that began before nobody has seen the whole. 0 = not known."""
    decided_ms = schema.decision.c.decided_ms
    first_ms = connection.scalar(select(func.min(decided_ms)).where(decided_ms > 0))
    return (first_ms or 0) / 1_000


def _simulated(connection: Connection) -> set[str]:
    """Topics in which the engine has seen events of a simulation."""
    row = schema.cursor.c
    return set(connection.scalars(select(row.topic).where(row.synthetic > 0).distinct()))
