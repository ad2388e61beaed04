"""A small city for the simulator: three topics, seven event types, a definition of every class. All synthetic."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from cityhub.kpi.definition import KpiDefinition, parse_definition
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.sdk.contract import Contract, Contracts, Correctable, Field
from cityhub.sdk.text import Text
from tests.unit.kpi.simulator import roads

WORD = Text("Wort", "word")
SEEN, FLAT, OPENED = (f"de.duisburg.wbd.{noun}.v1" for noun in ("bin.seen", "flat.changed", "case.opened"))
CLOSED, REFERENCE = "de.duisburg.gebag.case.closed.v1", "de.duisburg.city.reference.set.v1"
MAIN, OTHER, QUANTITIES = "du.evt.wbd.sim.v1", "du.evt.gebag.sim.v1", "du.evt.city.sim.v1"
PARTS = {MAIN: 2, OTHER: 1, QUANTITIES: 1}
TOPIC_OF = {SEEN: MAIN, FLAT: MAIN, OPENED: MAIN, CLOSED: OTHER, REFERENCE: QUANTITIES}
TOPIC_OF |= {roads.DUG: MAIN, roads.BUILT: OTHER}
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
LATENESS_MS = 10 * MINUTE_MS
HOLD_MS, SOON_MS = 45 * MINUTE_MS, HOUR_MS
HORIZON_MS = {SEEN: 6 * HOUR_MS, FLAT: 3 * HOUR_MS, OPENED: 6 * HOUR_MS, CLOSED: 6 * HOUR_MS, REFERENCE: 48 * HOUR_MS}
HORIZON_MS |= dict.fromkeys(roads.TYPES, 6 * HOUR_MS)


def _field(type_: Any, **more: Any) -> Field:
    return Field(type=type_, meaning=WORD, **more)


def _contract(type_: str, fields: dict[str, Field], **more: Any) -> Contract:
    return Contract(
        type=type_,
        title=WORD,
        topic=TOPIC_OF[type_],
        cadence="1h",
        lateness="10min",
        horizon=f"{HORIZON_MS[type_] // HOUR_MS}h",
        subjects_at_most=1000,
        events_per_day_at_most=100_000,
        fields=fields,
        **more,
    )


_LINE = _field("text", values=("u", "v"), optional=True)
CONTRACTS = Contracts(
    [
        _contract(
            SEEN,
            {
                "ok": _field("boolean", optional=True),
                "value": _field("integer", min=0, max=100_000, optional=True),
                "line": _LINE,
                "until": _field("instant", optional=True),
            },
        ),
        _contract(
            FLAT,
            {
                "version": _field("integer", min=0, max=99),
                "gone": _field("boolean", optional=True),
                "area": _field("integer", min=0, max=500, optional=True),
            },
            correctable=Correctable(entity=("@subject",), version="$version", retracted="$gone"),
        ),
        _contract(OPENED, {"case": _field("text"), "line": _LINE}, key="$case"),
        _contract(CLOSED, {"case": _field("text"), "line": _LINE}, key="$case"),
        *(_contract(type_, roads.FIELDS) for type_ in roads.TYPES),
        _contract(
            REFERENCE,
            {"name": _field("text"), "value": _field("integer", min=0, max=100), "valid_from": _field("instant")},
        ),
    ]
)

_MEASURES: dict[str, dict[str, Any]] = {
    "R01": {
        "sources": {"seen": {"type": SEEN}},
        "unit": "%",
        "dimensions": ["line"],
        "measure": {"ratio": {"of": {"count": "seen", "where": {"eq": ["$ok", True]}}, "over": {"count": "seen"}}},
        "beside": {
            "middle": {
                "name": {"de": "Mitte", "en": "middle"},
                "quantile": {"of": "seen", "value": "$value", "at": [0.5]},
            }
        },
    },
    "S01": {
        "sources": {"seen": {"type": SEEN}},
        "grain": "15min",
        "windows": ["quarter-hour", "day"],
        "measure": {"sum": {"of": "seen", "value": "$value", "per": {"reference": "stock"}}},
    },
    "W01": {
        "sources": {"seen": {"type": SEEN}},
        "unit": "%",
        "measure": {
            "state": {"of": "seen", "entity": "@subject", "holds": {"eq": ["$ok", True]}, "hold_at_most": "45min"}
        },
    },
    "L01": {
        "sources": {"seen": {"type": SEEN}},
        "windows": ["day"],
        "dimensions": ["line"],
        "measure": {"latest": {"of": "seen", "entity": "@subject", "value": "$value", "until": "$until"}},
    },
    "D01": {
        "sources": {"seen": {"type": SEEN}},
        "measure": {"distinct": {"of": "seen", "value": "@subject"}},
        "dimensions": ["line"],
    },
    "J01": {
        "sources": {"opened": {"type": OPENED}, "closed": {"type": CLOSED}},
        "windows": ["day"],
        "unit": "%",
        "measure": {
            "join": {
                "key": "$case",
                "first": "opened",
                "then": "closed",
                "cohort": "first",
                "measure": {"ratio": {"holds": {"le": ["@elapsed", "1h"]}}},
            }
        },
    },
    "P01": roads.DEFINITION,
    "C01": {
        "sources": {"flats": {"type": FLAT}},
        "measure": {"sum": {"of": "flats", "value": "$area"}},
        "beside": {"flats": {"name": {"de": "Wohnungen", "en": "flats"}, "count": "flats"}},
    },
}
IDS = tuple(_MEASURES)


@cache
def definition(id_: str) -> KpiDefinition:
    """One of the definitions; the letter of its id is that of its class."""
    tree = {
        "id": id_,
        "version": 1,
        "field": "wohnen",
        **{key: {"de": "Wort", "en": "word"} for key in ("name", "sentence", "question", "formula")},
        "owner": "wbd",
        "audience": "public",
        "unit": "1",
        "direction": "up",
        "grain": "1h",
        "windows": ["hour", "day"],
        "default_window": "day",
        "scopes": ["city", "borough"],
        **_MEASURES[id_],
    }
    return parse_definition(json.dumps(tree), f"wohnen/{id_}.yaml", CONTRACTS)


@cache
def plan(id_: str) -> Plan:
    """Its plan."""
    return plan_of(definition(id_))
