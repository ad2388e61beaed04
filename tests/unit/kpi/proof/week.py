"""A week of the city in which everything goes wrong that may: made from the contracts alone, seeded, all synthetic.

The week holds the end of summer time. Records arrive out of order and late, are repeated, corrected, retracted, of one
id with two contents, unreadable, and from the future.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from msgspec import structs

from cityhub.kpi.kernel.effect import REFERENCE_TYPE
from cityhub.sdk import codec
from cityhub.sdk.contract import Contract, Contracts, Field
from cityhub.sdk.event import Event, make_event

START = datetime(2026, 10, 21, 22, tzinfo=UTC)
"""Midnight of a Thursday in Duisburg; the clocks go back on the Sunday."""
DAYS = 7
ENTITIES = 6
_BOROUGHS = ("STB01", "STB05", "")
_LATER = frozenset({"planned_end", "ended_at"})
"""Fields that contracts have gained: drawn by themselves, so that the rest of the week stays as it is."""
_NEAR = {"lat": (51_430_000, 51_432_000), "lon": (6_760_000, 6_763_000)}
"""Sites of one street, so that some are near each other."""


class Arrived(NamedTuple):
    """A record of the log."""

    offset: int
    timestamp: int
    value: bytes | None


class Week:
    """Logs by (topic, partition).

    Args:
        per_type: events of each type.
        references: names of the denominators that are set, now and then anew.
        seldom: further types, with three events each.
    """

    def __init__(
        self,
        contracts: Contracts,
        types: list[str],
        *,
        seed: int,
        per_type: int = 120,
        references: tuple[str, ...] = (),
        seldom: Sequence[str] = (),
    ) -> None:
        self._random = Random(seed)  # noqa: S311 - must repeat
        self._further = Random(seed)  # noqa: S311 - must repeat
        self._serial = 0
        self.logs: dict[tuple[str, int], list[Arrived]] = {}
        waiting: list[tuple[datetime, str, bytes]] = []
        for type_ in types:
            waiting += self._of_type(contracts[type_], per_type)
        for type_ in seldom:
            waiting += self._of_type(contracts[type_], 3)
        for name in references:
            waiting += self._references(contracts[REFERENCE_TYPE], name)
        for arrives, topic, value in sorted(waiting):
            self.append(topic, arrives, value)

    def append(self, topic: str, arrives: datetime, value: bytes) -> None:
        part = 0 if b'"partitionkey"' not in value else sum(value.split(b'"partitionkey":"', 1)[1][:12]) % 2
        log = self.logs.setdefault((topic, part), [])
        log.append(Arrived(len(log), int(arrives.timestamp() * 1000), value))

    def _of_type(self, contract: Contract, count: int) -> Iterator[tuple[datetime, str, bytes]]:
        for _ in range(count):
            moment = START + timedelta(seconds=self._random.randrange(DAYS * 86_400 + 3600))
            yield from self._arrivals(contract, self._event(contract, moment))
        yield START + timedelta(days=2), contract.topic, b"no JSON"
        clock_fault = START + timedelta(days=1)
        yield clock_fault, contract.topic, codec.encode(self._event(contract, clock_fault + timedelta(hours=1)))

    def _arrivals(self, contract: Contract, event: Event) -> Iterator[tuple[datetime, str, bytes]]:
        luck = self._random.random()
        lateness = contract.lateness_s * 3 if luck < 0.05 else self._random.choice((1, 30, 600))
        lateness = min(lateness, contract.horizon_s // 2)
        arrives = event.time + timedelta(seconds=lateness)
        yield arrives, contract.topic, codec.encode(event)
        if self._random.random() < 0.08:
            yield arrives + timedelta(minutes=self._random.randrange(90)), contract.topic, codec.encode(event)
        if self._random.random() < 0.03:
            other = self._event(contract, event.time, like=event)
            yield arrives + timedelta(minutes=5), contract.topic, codec.encode(other)

    def _event(self, contract: Contract, moment: datetime, like: Event | None = None) -> Event:
        self._serial += 1
        entity = f"{contract.type.split('.')[3]}-{self._random.randrange(ENTITIES)}"
        data = {
            name: value
            for name, field in contract.fields.items()
            if (value := self._value(name, field, moment, entity)) is not None
        }
        event = make_event(
            type_=contract.type,
            source=f"//{contract.partner}/simulation",
            natural_key=(str(self._serial),),
            version="1",
            subject=entity,
            time=moment,
            recorded_at=moment + timedelta(seconds=1),
            data=data,
            partitionkey=entity,
            synthetic=self._random.random() < 0.5,
        )
        borough = self._random.choice(_BOROUGHS)
        event = structs.replace(event, borough=borough, registerversion="7") if borough else event
        return structs.replace(event, id=like.id) if like is not None else event

    def _references(self, contract: Contract, name: str) -> Iterator[tuple[datetime, str, bytes]]:
        for number, day in enumerate((-300, -100, 1, 4)):
            moment = START + timedelta(days=min(day, 0) if day < 0 else day)
            self._serial += 1
            event = make_event(
                type_=contract.type,
                source="//city/statistics",
                natural_key=(name, str(number)),
                version="1",
                subject=name,
                time=moment,
                recorded_at=moment,
                data={
                    "name": name,
                    "value": 500_000 + 17 * number,
                    "unit": "1",
                    "valid_from": moment.isoformat().replace("+00:00", "Z"),
                },
                synthetic=True,
            )
            yield moment + timedelta(hours=1), contract.topic, codec.encode(event)

    def _value(self, name: str, field: Field, moment: datetime, entity: str) -> Any:
        random = self._further if name in _LATER else self._random
        if field.optional and random.random() < 0.4:
            return None
        match field.type:
            case "boolean":
                return random.random() < (0.15 if field.optional else 0.5)
            case "integer":
                low = max(field.low or 0, -300)
                return random.randint(low, min(field.high or 900, low + 900))
            case "decimal":
                low, high = _NEAR.get(name, (field.low or 0, field.high or 10_000))
                return random.randint(low, high) / 10**field.scale
            case "instant":
                return (moment + timedelta(hours=random.randint(-30, 60))).isoformat().replace("+00:00", "Z")
        open_text = entity if name.endswith("id") or name == "case" else f"{name}-{random.randrange(4)}"
        return random.choice(field.values or (open_text,))


def types_of(definitions: Mapping[str, Any]) -> list[str]:
    """Event types that the definitions read."""
    return sorted({source.type for one in definitions.values() for source in one.sources.values()})
