"""Tables of WBD and DVV."""

from __future__ import annotations

from cityhub.sandbox.city.served.table import (
    Sheet,
    borough,
    coded,
    exported,
    key,
    moment,
    monthly,
    number,
    said,
    subject,
    verb,
    yearly,
    yes,
)
from cityhub.sandbox.city.streams.story import Told
from cityhub.sandbox.city.traffic import lot

_SEGMENTS = Sheet(
    name="messtechnik",
    verbs=("segment-instrumented",),
    period=yearly,
    encoding="cp1252",
    columns={
        "Haltung": subject,
        "Stadtbezirk": borough,
        "Länge (m)": number("length_m"),
        "Überwacht": yes("instrumented"),
        "Stand": moment,
    },
)


def _cause(told: Told) -> str:
    return "Sensor" if told.data["trigger"] == "sensor" else lot(*told.key).choice(("Turnus", "Störung"))


def _crew(told: Told) -> str:
    """Who drove, as an order has it; nobody is real."""
    return f"Vorname Nachname {lot(*told.key, 'crew').randrange(20)}"


_CLEANINGS = Sheet(
    name="kanalreinigung",
    verbs=("sewer.cleaned",),
    period=monthly,
    encoding="cp1252",
    columns={
        "Auftrag": key,
        "Haltung": subject,
        "Stadtbezirk": borough,
        "Länge (m)": number("length_m"),
        "Anlass": _cause,
        "Kolonne": _crew,
        "Erledigt am": moment,
    },
)
_IRRIGATION = Sheet(
    name="bewaesserung",
    verbs=("run-finished",),
    period=monthly,
    columns={
        "Anlage": subject,
        "Stadtbezirk": borough,
        "Verbrauch (m³)": number("litres", 3, 0.001),
        "Ohne Steuerung (m³)": number("baseline_litres", 3, 0.001),
        "Beendet am": moment,
    },
)
_METERS = Sheet(
    name="zaehler",
    verbs=("meter.installed", "meter.removed"),
    period=monthly,
    columns={
        "Gebiet": said("area"),
        "Stadtbezirk": borough,
        "Sparte": coded("medium", {"power": "Strom", "gas": "Gas", "water": "Wasser"}),
        "Vorgang": verb({"installed": "Einbau", "removed": "Ausbau"}),
        "Zähler": number("meters"),
        "davon iMSys": number("smart"),
        "Stand": moment,
    },
)
_BILLED = Sheet(
    name="abrechnung",
    verbs=("water.billed",),
    period=yearly,
    columns={
        "Zone": subject,
        "Zeitraum": said("period"),
        "Version": said("version"),
        "Storniert": yes("withdrawn"),
        "Zähler": number("meters"),
        "Menge (m³)": number("volume_m3"),
        "Stichtag": moment,
    },
)

SERVED = (
    exported("wbd.segments", ("segments",), _SEGMENTS),
    exported("wbd.cleanings", ("cleanings",), _CLEANINGS),
    exported("wbd.irrigation", ("irrigation",), _IRRIGATION),
    exported("dvv.meters", ("meters",), _METERS),
    exported("dvv.water", ("water-bills",), _BILLED),
)
