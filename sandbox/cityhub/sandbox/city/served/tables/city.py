"""Tables of the city administration."""

from __future__ import annotations

from cityhub.sandbox.city.served.table import (
    Sheet,
    borough,
    coded,
    exported,
    half_yearly,
    key,
    moment,
    monthly,
    number,
    quarterly,
    said,
    subject,
    verb,
    yearly,
)
from cityhub.sandbox.city.streams.story import Told
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sandbox.city.traffic import lot

_FIELDS = {
    "broadband": "Breitband",
    "e-government": "E-Government",
    "economy": "Wirtschaft",
    "mobility": "Mobilität",
    "housing": "Wohnen",
    "infrastructure": "Infrastruktur",
    "education": "Bildung",
}
_AREAS = {
    "overall": "Gesamt",
    "administration": "Verwaltung",
    "it-communication": "IT und Kommunikation",
    "energy-environment": "Energie und Umwelt",
    "mobility": "Mobilität",
    "society-education": "Gesellschaft und Bildung",
}
_USERS = {"household": "Haushalte", "business": "Gewerbe", "school": "Schulen"}


def _paid_in(told: Told) -> str:
    return f"{told.time.astimezone(LOCAL):%Y-%m}"


def _method(told: Told) -> str:
    return "Bar" if told.data["method"] == "cash" else lot(*told.key, "means").choice(("Karte", "App"))


def _plate(told: Told) -> str:
    """An app knows it; none is real."""
    return f"DU-XX {lot(*told.key).randrange(1_000, 9_999)}" if _method(told) == "App" else ""


_PARKING = Sheet(
    name="smart-parking",
    verbs=("ticket-paid",),
    period=_paid_in,
    columns={
        "Vorgang": key,
        "Automat": subject,
        "Parkzone": said("zone"),
        "Bezahlt am": moment,
        "Zahlungsart": _method,
        "Kennzeichen": _plate,
        "Betrag": number("amount_eur", 2),
    },
)
_MATURITY = Sheet(
    name="ozg-reifegrade",
    verbs=("maturity-changed",),
    period=monthly,
    encoding="cp1252",
    columns={
        "Leistungsschlüssel": subject,
        "Bezeichnung": lambda told: f"Platzhalter für {told.subject}",
        "Reifegrad": said("level"),
        "Erreicht am": moment,
    },
)
_COVERAGE = Sheet(
    name="versorgung",
    verbs=("coverage-reported",),
    period=half_yearly,
    columns={
        "Gebiet": said("area"),
        "Stadtbezirk": borough,
        "Nutzergruppe": coded("user", _USERS),
        "Gesamt": number("total"),
        "Buchbar": number("passed"),
        "Stand": moment,
    },
)
_TRENCHES = Sheet(
    name="trassen",
    verbs=("trench-planned", "trench-built"),
    period=quarterly,
    columns={
        "Abschnitt": subject,
        "Status": verb({"trench-planned": "geplant", "trench-built": "gebaut"}),
        "Länge (km)": number("length_m", 3, 0.001),
        "Ausführung": said("builder"),
        "Datum": moment,
    },
)
_GRANTS = Sheet(
    name="foerderung",
    verbs=("grant-status-changed",),
    period=yearly,
    columns={
        "Förderkennzeichen": subject,
        "Beantragt (€)": number("applied_eur"),
        "Bewilligt (€)": number("approved_eur"),
        "Stand": moment,
    },
)
_SCHOOLS = Sheet(
    name="schulen",
    verbs=("school.connected",),
    period=yearly,
    columns={
        "Schulstandort": subject,
        "Stadtbezirk": borough,
        "Anschluss (Gbit/s)": number("rate_mbit_s", 1, 0.001),
        "Stand": moment,
    },
)
_MEASURES = Sheet(
    name="massnahmen",
    verbs=("city.measure.status-changed",),
    period=quarterly,
    columns={
        "Kennung": subject,
        "Bezeichnung": lambda told: f"Platzhalter für {told.subject}",
        "Art": coded("kind", {"project": "Projekt", "measure": "Maßnahme"}),
        "Handlungsfeld": coded("action_field", _FIELDS),
        "Gewicht": number("weight", 1),
        "Fortschritt (%)": number("progress", 0, 100),
        "Stand": moment,
    },
)
_RANKINGS = Sheet(
    name="smart-city-index",
    verbs=("ranking.published",),
    period=yearly,
    columns={
        "Jahr": said("year"),
        "Bereich": coded("area", _AREAS),
        "Rang": said("rank"),
        "Punkte": number("points", 1, unknown="-"),
        "Städte": said("cities"),
        "Veröffentlicht am": moment,
    },
)


def _valid_from(told: Told) -> str:
    """Always a first of January, as a day."""
    return f"01.01.{told.time.astimezone(LOCAL).year}"


_REFERENCES = Sheet(
    name="bezugsgroessen",
    verbs=("reference.set",),
    period=yearly,
    columns={
        "Bezugsgröße": subject,
        "Stadtbezirk": borough,
        "Wert": number("value"),
        "Einheit": said("unit"),
        "Gültig ab": _valid_from,
        "Festgelegt am": moment,
    },
)

SERVED = (
    exported("city.parking-tickets", ("parking-tickets",), _PARKING),
    exported("city.maturity", ("maturity",), _MATURITY),
    exported("city.programme", ("coverage", "trenches", "grants", "schools"), _COVERAGE, _TRENCHES, _GRANTS, _SCHOOLS),
    exported("city.masterplan", ("masterplan",), _MEASURES),
    exported("city.rankings", ("rankings",), _RANKINGS),
    exported("city.references", ("references", "denominators"), _REFERENCES),
)
