"""Pure: what street lamps used in a night, in the contract's words. Rules: docs/adapters/dvv-lamp-energy.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from cityhub.adapters import ngsi_ld
from cityhub.adapters.dvv.lamp_energy.source import METERED
from cityhub.adapters.fact import Fact, Reading, memory_key, utc
from cityhub.adapters.ngsi_ld import Entity, Instance
from cityhub.adapters.reject import Reject

STREETLIGHT, ENERGY = "Streetlight", "powerConsumption"
KEPT = timedelta(days=9)
"""Nights that are remembered as told."""
_WH = {"KWH": Decimal(1000), "WHR": Decimal(1)}
_ID = f"urn:ngsi-ld:{STREETLIGHT}:"
_LOCAL = ZoneInfo("Europe/Berlin")
_TOLD = "told"


def read(body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What an answer says: each lamp's night once, as it was told first."""
    entities, rejects = ngsi_ld.parse(body)
    facts: list[Fact] = []
    noted: Counter[str] = Counter()
    learnt: dict[str, bytes | None] = {}
    newest: datetime | None = None
    for path, entity in entities:
        if entity.type != STREETLIGHT:
            rejects.append(Reject("unknown_type", path, f"{entity.type[:80]!r} is no {STREETLIGHT}"))
            continue
        for where, instance in entity.instances(ENERGY):
            fact = instance if isinstance(instance, Reject) else _fact(where, entity, instance)
            if isinstance(fact, Reject):
                rejects.append(fact)
                continue
            newest = max(newest or fact.time, fact.time)
            if (key := memory_key(_TOLD, *reversed(fact.key))) in memory or key in learnt:
                noted["told_before"] += 1
            else:
                learnt[key] = b""
                facts.append(fact)
    return Reading(
        facts=facts,
        rejects=rejects,
        noted=noted,
        memory=learnt | (_outlived(memory, newest) if newest else {}),
        cursor=utc(newest),
    )


def _fact(path: str, entity: Entity, instance: Instance) -> Fact | Reject:
    factor, value = _WH.get(instance.unit_code), instance.value
    if factor is None:
        return Reject("unit", path, f"{str(value)[:40]} {instance.unit_code[:20]!r}; energy must be in KWH or WHR")
    if instance.observed_at is None:
        return Reject("schema", path, "observedAt is missing: nobody knows of which night it is")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Reject("schema", path, f"{str(value)[:40]!r} must be a number")
    lamp, night = entity.id.removeprefix(_ID), _night(instance.observed_at).isoformat()
    data = {"energy_wh": round(Decimal(str(value)) * factor), "night": night}
    return Fact(type=METERED, time=instance.observed_at, subject=lamp, key=(lamp, night), data=data, path=path)


def _night(metered_at: datetime) -> date:
    """The day on which the night began that was over then."""
    return (metered_at.astimezone(_LOCAL) - timedelta(hours=12)).date()


def _outlived(memory: Mapping[str, bytes], newest: datetime) -> dict[str, bytes | None]:
    """What nobody asks for again."""
    oldest = memory_key(_TOLD, (newest - KEPT).date().isoformat())
    return {key: None for key in memory if key < oldest}
