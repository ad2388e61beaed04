"""Pure: what street lamps used in a night, in the contract's words. Rules: docs/adapters/dvv-lamp-energy.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from zoneinfo import ZoneInfo

from cityhub.adapters.dvv.lamp_energy.source import METERED
from cityhub.adapters.formats import ngsi_ld
from cityhub.adapters.formats.ngsi_ld import Entity, Instance
from cityhub.adapters.kit.fact import Fact, Reading, memory_key, utc
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.event import FUTURE_TOLERANCE

STREETLIGHT, ENERGY = "Streetlight", "powerConsumption"
HISTORY = timedelta(days=5)
"""Nobody asks for what is older: the contract takes no more."""
_KEPT = HISTORY + timedelta(days=3)
_WH = {"KWH": Decimal(1000), "WHR": Decimal(1)}
_ID = f"urn:ngsi-ld:{STREETLIGHT}:"
_LOCAL = ZoneInfo("Europe/Berlin")
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_TOLD = "told"


def read(body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What an answer says: each lamp's night once, as it was told first."""
    entities, rejects = ngsi_ld.parse(body)
    told: dict[str, Fact] = {}
    noted: Counter[str] = Counter()
    newest: datetime | None = None
    for found in chain.from_iterable(_of(path, entity) for path, entity in entities):
        if isinstance(found, Reject):
            rejects.append(found)
            continue
        key = memory_key(_TOLD, *reversed(found.key))
        if key in memory or key in told:
            noted["told_before"] += 1
        else:
            told[key] = found
        if found.time <= now + FUTURE_TOLERANCE:
            newest = max(newest or found.time, found.time)
    return Reading(
        facts=list(told.values()),
        rejects=rejects,
        noted=noted,
        memory=_remembered(told, now) | _outlived(memory, now),
        cursor=utc(newest),
    )


def _of(path: str, entity: Entity) -> Iterator[Fact | Reject]:
    if entity.type != STREETLIGHT:
        yield Reject("unknown_type", path, f"{entity.type[:80]!r} is no {STREETLIGHT}")
        return
    for where, instance in entity.instances(ENERGY):
        yield instance if isinstance(instance, Reject) else _fact(where, entity, instance)


def _fact(path: str, entity: Entity, instance: Instance) -> Fact | Reject:
    factor, value = _WH.get(instance.unit_code), instance.value
    if factor is None:
        return Reject("unit", path, f"{str(value)[:40]} {instance.unit_code[:20]!r}; energy must be in KWH or WHR")
    if instance.observed_at is None or not _EARLIEST <= instance.observed_at < _LATEST:
        return Reject("schema", path, f"observedAt {instance.observed_at}: nobody knows of which night it is")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Reject("schema", path, f"{str(value)[:40]!r} must be a number")
    lamp, night = entity.id.removeprefix(_ID), _night(instance.observed_at).isoformat()
    data = {"energy_wh": round(Decimal(str(value)) * factor), "night": night}
    return Fact(type=METERED, time=instance.observed_at, subject=lamp, key=(lamp, night), data=data, path=path)


def _night(metered_at: datetime) -> date:
    """The day on which the night began that was over then."""
    return (metered_at.astimezone(_LOCAL) - timedelta(hours=12)).date()


def _remembered(told: Mapping[str, Fact], now: datetime) -> dict[str, bytes | None]:
    """What lies ahead of our clock is refused, and told when it is asked for again."""
    return {key: b"" for key, fact in told.items() if fact.time <= now + FUTURE_TOLERANCE}


def _outlived(memory: Mapping[str, bytes], now: datetime) -> dict[str, bytes | None]:
    """What nobody asks for again."""
    oldest = memory_key(_TOLD, (now - _KEPT).date().isoformat())
    return {key: None for key in memory if key < oldest}
