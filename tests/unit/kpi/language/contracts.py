"""Contracts and definitions by hand for tests of the language."""

from __future__ import annotations

import json
from typing import Any

from cityhub.kpi.definition import KpiDefinition, parse_definition
from cityhub.kpi.errors import DefinitionError
from cityhub.sdk.contract import Contract, Contracts, Correctable, Field
from cityhub.sdk.text import Text

TEXT = Text("Wort", "word")
BIN, SUBMITTED, DECIDED = (f"de.duisburg.wbd.{noun}.v1" for noun in ("bin.seen", "case.submitted", "case.decided"))
DUG, BUSY = (f"de.duisburg.dvv.{noun}.v1" for noun in ("road.dug", "road.busy"))
FLAT, OLD, SERVED, MISSED = (
    f"de.duisburg.gebag.{noun}.v1" for noun in ("flat.changed", "flat.old", "slot.served", "slot.missed")
)
VISITED, TOOK_PART = (f"de.duisburg.gebag.{noun}.v1" for noun in ("visit.ended", "participation.ended"))


def field(type_: Any, **more: Any) -> Field:
    return Field(type=type_, meaning=TEXT, **more)


def contract(type_: str, fields: dict[str, Field], **more: Any) -> Contract:
    given = {"cadence": "1h", "lateness": "6h", "horizon": "3d", "events_per_day_at_most": 100_000, **more}
    topic = f"du.evt.{type_.split('.')[2]}.test.v1"
    return Contract(type=type_, title=TEXT, topic=topic, fields=fields, **given)


_CASE = {
    "case_id": field("text"),
    "number": field("integer"),
    "office": field("text", values=("Mitte", "Süd")),
    "citizen": field("text", distinct_at_most=500_000),
}
_VISIT = {"person": field("text", personal=True, distinct_at_most=500_000), "office": _CASE["office"]}
_SLOT = {"office": field("text", values=("Mitte", "Süd"), optional=True), "amount": field("integer", unit="EUR")}


def _road(scale: int, owner: str) -> dict[str, Field]:
    degrees = {"type_": "decimal", "scale": scale, "unit": "deg"}
    return {
        "owner": field(owner),
        "number": field("integer"),
        "lat": field(**degrees, min=51, max=52),
        "lon": field(**degrees, min=6, max=8),
        "world": field(**degrees, min=-90, max=90),
        "begin": field("instant"),
        "end": field("instant", optional=True),
        "open": field("boolean"),
    }


CONTRACTS = Contracts(
    [
        contract(
            BIN,
            {
                "fill": field("decimal", scale=2, min=0, max=1),
                "kg": field("decimal", scale=1, min=0, max=500, unit="kg", optional=True),
                "km": field("integer", min=1, max=200, unit="km"),
                "energy": field("integer", min=0, max=20_000, unit="W.h"),
                "drift": field("integer", min=-50, max=50, unit="s"),
                "free": field("integer"),
                "broken": field("boolean"),
                "street": field("text"),
                "kind": field("text", values=("paper", "glass")),
                "seen_at": field("instant"),
                "planned_at": field("instant", optional=True),
            },
            subjects_at_most=20_000,
        ),
        contract(DUG, _road(6, "text")),
        contract(BUSY, _road(5, "integer"), events_per_day_at_most=10_000_000),
        contract(SUBMITTED, _CASE),
        contract(DECIDED, _CASE),
        contract(
            FLAT,
            {"version": field("integer"), "area": field("integer", min=0, max=500, unit="m2")},
            correctable=Correctable(entity=("@subject",), version="$version"),
        ),
        contract(VISITED, _VISIT),
        contract(TOOK_PART, _VISIT),
        contract(OLD, {}, status="retired"),
        contract(SERVED, _SLOT),
        contract(MISSED, _SLOT),
    ]
)
_SOURCES = {
    "bins": BIN,
    "submitted": SUBMITTED,
    "decided": DECIDED,
    "flats": FLAT,
    "served": SERVED,
    "missed": MISSED,
    "dug": DUG,
    "busy": BUSY,
    "visited": VISITED,
    "took_part": TOOK_PART,
}


def definition(measure: Any, sources: str | dict[str, str] = "bins", **more: Any) -> KpiDefinition:
    """A definition around a measure; `sources` are names of the samples above, or names with types."""
    types = sources if isinstance(sources, dict) else {name: _SOURCES[name] for name in sources.split()}
    tree = {
        "id": "T01",
        "version": 1,
        "field": "wohnen",
        **{key: {"de": "Wort", "en": "word"} for key in ("name", "sentence", "question", "formula")},
        "owner": "wbd",
        "audience": "public",
        "unit": "%",
        "direction": "up",
        "grain": "1h",
        "windows": ["hour", "day"],
        "default_window": "day",
        "scopes": ["city"],
        "sources": {name: {"type": type_} for name, type_ in types.items()},
        "measure": measure,
        **more,
    }
    written = {key: value for key, value in tree.items() if value is not ...}
    return parse_definition(json.dumps(written), "wohnen/T01.yaml", CONTRACTS)


def faults(measure: Any, sources: str | dict[str, str] = "bins", **more: Any) -> list[str]:
    """The lines with which a definition is refused, without the file's name."""
    try:
        definition(measure, sources, **more)
    except DefinitionError as error:
        lines = str(error).splitlines()
        assert all(line.startswith("wohnen/T01.yaml: ") for line in lines)
        return [line.removeprefix("wohnen/T01.yaml: ") for line in lines]
    return []


def of(kind: type[Any], measure: Any, unit: str, sources: str = "bins", **more: Any) -> Any:
    """The measure as it was read."""
    read = definition(measure, sources, unit=unit, **more).measure
    assert isinstance(read, kind)
    return read
