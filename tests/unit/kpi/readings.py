"""Meter readings (synthetic), and definitions over them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cityhub.kpi.definition import Catalogue, parse_definition
from cityhub.kpi.kernel.bucket import FIRST_SLOT
from cityhub.kpi.kernel.effect import Effect, Evaluator
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.record import Row
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts, parse_contract
from cityhub.sdk.event import Event, make_event
from tests.unit.kpi.samples import NOON, Record

TOPIC = "du.evt.imd.meter.v1"


TYPE = "de.duisburg.imd.meter.read.v1"


TEXT = "meaning: {de: a, en: a}"


CONTRACT = f"""
type: {TYPE}
title: {{de: Zähler, en: meter}}
topic: {TOPIC}
cadence: 1h
lateness: 1h
horizon: 9d
subjects_at_most: 100
fields:
  wh: {{type: integer, unit: W.h, min: 0, max: 1000, {TEXT}}}
  level: {{type: decimal, scale: 2, min: 0, max: 10, optional: true, {TEXT}}}
  kind: {{type: text, values: [gas, water], optional: true, {TEXT}}}
  ok: {{type: boolean, {TEXT}}}
  begun_at: {{type: instant, optional: true, {TEXT}}}
  version: {{type: integer, min: 1, max: 99, {TEXT}}}
  gone: {{type: boolean, optional: true, {TEXT}}}
"""


CORRECTABLE = CONTRACT + 'correctable: {entity: ["@subject"], version: $version, retracted: $gone}\n'


HEAD = """
id: T01
version: 1
field: infrastruktur
name: {de: a, en: a}
sentence: {de: a, en: a}
question: {de: a, en: a}
formula: {de: a, en: a}
owner: imd
audience: public
direction: up
grain: 1h
windows: [hour]
default_window: hour
sources: {read: {type: de.duisburg.imd.meter.read.v1}}
"""


def engine(body: str, contract: str = CONTRACT) -> tuple[Evaluator, Plan]:
    contracts = Contracts([parse_contract(contract, "meter.yaml")])
    definition = parse_definition(HEAD + body, "T01.yaml", contracts)
    plan = plan_of(definition)
    return Evaluator([plan], Catalogue({"T01": definition}, contracts).contracts), plan


def reading(
    key: int, *, at: datetime = NOON, borough: str = "", subject: str = "m1", synthetic: bool = False, **data: Any
) -> Event:
    event = make_event(
        type_=TYPE,
        source="//test/imd",
        natural_key=(str(key),),
        version="1",
        subject=subject,
        time=at,
        recorded_at=at,
        data={"wh": 10, "ok": True, "version": 1, **data},
        synthetic=synthetic,
    )
    return (
        event
        if not borough
        else codec.decode(codec.encode(event).replace(b"{", b'{"borough":"%s",' % borough.encode(), 1))
    )


def rows(evaluator: Evaluator, *events: Event) -> list[Row]:
    arrived = int((NOON + timedelta(hours=30)).timestamp() * 1000)
    log = [Record(offset, arrived + offset, codec.encode(event)) for offset, event in enumerate(events)]
    found, verdicts = evaluator.reader(TOPIC).read(log, 0)
    assert verdicts == []
    return found


def slots(effect: Effect) -> dict[tuple[Any, ...], list[int]]:
    """Slots by (hours after noon, scope, *dims)."""
    noon_s = int(NOON.timestamp())
    return {
        ((key[0] - noon_s) // 3600, *key[1:]): vector[FIRST_SLOT:] for key, vector in effect.sums[0].vectors.items()
    }
