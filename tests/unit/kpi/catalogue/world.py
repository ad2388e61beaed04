"""Hand-written events of a table row, through the real engine in memory and through the batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import yaml
from msgspec import Struct
from msgspec.structs import replace

from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.examples import examples
from cityhub.kpi.values import KpiValue, WindowKind
from cityhub.sdk import codec
from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import Field
from cityhub.sdk.event import Event, make_event
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.exact import exactly
from tests.unit.kpi.samples import Record
from tests.unit.kpi.simulator.run import store

CATALOGUE = load_catalogue()
LOCAL = ZoneInfo("Europe/Berlin")
READ = "20 12:00"
"""Friday, 20 November 2026: where nothing else is said, events happen and windows are read."""
_READ_AT = datetime(2026, 11, 21, 12, 30, tzinfo=LOCAL)
_DEFAULTS: dict[str, Any] = {"integer": 1, "decimal": 1, "text": "x", "boolean": False}


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the tables.

    Attributes:
        at: an instant of the window that is read; of several the one that ends first.
        events: by type, without `de.duisburg.` and version; `at`, `subject` and `borough` are the event's, all else is
            data. What the contract requires and nobody names gets a default.
        references: denominators since the beginning of 2020, `value` or `value unit`.
        gives: exact numbers of the value, its further and its side values; null = unknown.
        about: those that come from fixed bins: at most 1/128 beside.
    """

    kpi: str
    window: WindowKind
    events: dict[str, list[dict[str, Any]]]
    gives: dict[str, float | None] = {}
    about: dict[str, float] = {}
    at: str = READ
    scope: str = "city"
    dimensions: dict[str, str] = {}
    references: dict[str, Any] = {}


class Log(NamedTuple):
    """Attributes: parts = records by topic and partition."""

    engine: Engine
    parts: dict[tuple[str, int], list[Record]]


def cases() -> Iterator[Case]:
    """All worked examples of the product."""
    for text in examples().values():
        yield from msgspec.convert(yaml.safe_load(text), list[Case])


def moment(text: str) -> datetime:
    """Local time, `[[year-]month-]day hour:minute`; what is missing is November 2026."""
    day, time = text.split(" ")
    parts = [int(part) for part in day.split("-")]
    year, month, date = [2026, 11][: 3 - len(parts)] + parts
    hour, minute = time.split(":")
    return datetime(year, month, date, int(hour), int(minute), tzinfo=LOCAL)


def events(case: Case) -> list[Event]:
    """In order of time."""
    since = {"at": "2020-01-01 00:00", "valid_from": "2020-01-01 00:00"}
    rows = [("city.reference.set", since | reference) for reference in _references(case.references)]
    rows += [(name, row) for name, listed in case.events.items() for row in listed]
    found = [_event(f"de.duisburg.{name}.v1", row, number) for number, (name, row) in enumerate(rows)]
    return sorted(found, key=lambda event: event.time)


def _references(named: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, written in named.items():
        value, _, unit = str(written).partition(" ")
        yield {"name": name, "value": int(value), "unit": unit or "1"}


def _event(type_: str, row: Mapping[str, Any], number: int) -> Event:
    contract = CATALOGUE.contracts[type_]
    assert row.keys() <= {*contract.fields, "at", "subject", "borough"}, row
    at = moment(row.get("at", READ))
    needed = {name: _default(field, at) for name, field in contract.fields.items() if not field.optional}
    data = needed | {name: _value(field, row[name]) for name, field in contract.fields.items() if name in row}
    assert violations(contract, data) == []
    event = make_event(
        type_=type_,
        source="//test/catalogue",
        natural_key=(str(number),),
        version="1",
        subject=row.get("subject", str(data.get(contract.key.removeprefix("$"), "thing"))),
        time=at,
        recorded_at=at,
        data=data,
        synthetic=True,
    )
    return replace(event, borough=row["borough"]) if "borough" in row else event


def _value(field: Field, written: Any) -> Any:
    return moment(written).isoformat() if field.type == "instant" else written


def _default(field: Field, at: datetime) -> Any:
    if field.type == "instant":
        return at.isoformat()
    if field.type in ("integer", "decimal") and field.min is not None:
        return max(field.min, 1)
    return field.values[0] if field.values else _DEFAULTS[field.type]


def _by_topic(case: Case) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events(case):
        found.setdefault(CATALOGUE.contracts[event.type].topic, []).append(event)
    return found


def run(case: Case) -> Log:
    """Apply the events of a case: each arrives as it happens, the last of a topic when the windows are over."""
    (definition,) = (one for one in CATALOGUE if one.id == case.kpi)
    database = store()
    database.empty()
    engine = Engine(database, Catalogue({case.kpi: exactly(definition)}, CATALOGUE.contracts))
    parts: dict[tuple[str, int], list[Record]] = {}
    for topic, told in _by_topic(case).items():
        log = [Record(offset, _ms(event.time), codec.encode(event)) for offset, event in enumerate(told)]
        horizon_s = min(CATALOGUE.contracts[event.type].horizon_s for event in told)
        closed = min(max(told[-1].time, _READ_AT), told[-1].time + timedelta(seconds=horizon_s))
        parts[topic, 0] = [*log[:-1], log[-1]._replace(timestamp=_ms(closed))]
    engine.know(topic for topic, _ in parts)
    for (topic, _), log in parts.items():
        engine.apply(topic, log)
    return Log(engine, parts)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def value(case: Case, log: Log) -> KpiValue:
    """The value that a case is about."""
    log.engine.publish()
    dims = msgspec.json.encode(case.dimensions, order="deterministic").decode()
    at = moment(case.at)
    found = [one for one in log.engine.values(case.kpi, case.window, case.scope, dims) if one.start <= at < one.end]
    return min(found, key=lambda one: one.end)
