"""Tables of GEBAG's project control."""

from __future__ import annotations

from cityhub.sandbox.city.served.table import (
    Sheet,
    coded,
    exported,
    moment,
    monthly,
    number,
    quarterly,
    said,
    subject,
    yearly,
    yes,
)

_FIELDS = {
    "mobility-logistics": "Mobilität und Logistik",
    "energy-environment": "Energie und Umweltschutz",
    "supply-disposal": "Ver- und Entsorgung",
    "digital-services": "Digitale Services und Infrastruktur",
    "participation-social": "Partizipation und Soziales",
}
_DWELLINGS = Sheet(
    name="wohnungen",
    verbs=("dwelling.completed",),
    period=yearly,
    columns={"Wohneinheit": subject, "Quartier": said("quarter"), "Stand": moment},
)
_PLOTS = Sheet(
    name="flaechen",
    verbs=("plot.stage-changed",),
    period=quarterly,
    columns={
        "Fläche": subject,
        "Quartier": said("quarter", "ohne"),
        "Größe (m²)": number("area_m2"),
        "Stufe": said("stage"),
        "Anteil (%)": number("weight", 0, 100),
        "Stand": moment,
    },
)
_SALES = Sheet(
    name="verkaeufe",
    verbs=("plot.sold",),
    period=yearly,
    columns={
        "Fläche": subject,
        "Quartier": said("quarter"),
        "Größe (m²)": number("area_m2"),
        "Stand": moment,
    },
)
_MEASURES = Sheet(
    name="quartiersmassnahmen",
    verbs=("measure-status-changed",),
    period=quarterly,
    columns={
        "Maßnahme": subject,
        "Quartier": said("quarter"),
        "Feld": coded("field", _FIELDS),
        "Fortschritt (%)": number("progress", 0, 100),
        "Stand": moment,
    },
)
_INVESTMENTS = Sheet(
    name="investitionen",
    verbs=("investment.booked",),
    period=monthly,
    columns={
        "Buchung": subject,
        "Version": said("version"),
        "Storniert": yes("withdrawn"),
        "Art": coded("kind", {"modernisation": "Modernisierung", "new-build": "Neubau"}),
        "Betrag (€)": number("amount_eur", 2),
        "Gebucht am": moment,
    },
)
_STREAMS = ("dwellings", "plots", "quarter-measures", "investments")

SERVED = (exported("gebag.development", _STREAMS, _DWELLINGS, _PLOTS, _SALES, _MEASURES, _INVESTMENTS),)
