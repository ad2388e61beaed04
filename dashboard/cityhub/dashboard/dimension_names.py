"""What dimensions and their values are called. A value without a name here is shown as the event says it."""

from __future__ import annotations

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.naming import partner_name
from cityhub.sdk.text import Text

_DIMENSIONS = {
    "action_field": Text("Handlungsfeld", "action field"),
    "assurance": Text("Vertrauensniveau", "level of assurance"),
    "channel": Text("Zugangsweg", "channel"),
    "field": Text("Feld", "field"),
    "gauge": Text("Pegel", "gauge"),
    "kind": Text("Art", "kind"),
    "lamp": Text("Laterne", "lamp"),
    "line": Text("Linie", "line"),
    "measure": Text("Maßnahme", "measure"),
    "medium": Text("Medium", "medium"),
    "mode": Text("Verkehrsmittel", "mode"),
    "move": Text("Bewegung", "move"),
    "museum": Text("Museum", "museum"),
    "office": Text("Dienststelle", "office"),
    "owner": Text("Bauherr", "owner"),
    "paid_online": Text("online bezahlt", "paid online"),
    "partner": Text("Partner", "partner"),
    "process": Text("Prozess", "process"),
    "quarter": Text("Quartier", "quarter"),
    "reason": Text("Grund", "reason"),
    "service": Text("Leistung", "service"),
    "source": Text("Quelle", "source"),
    "topic": Text("Thema", "topic"),
    "trade": Text("Gewerk", "trade"),
    "vehicle_class": Text("Fahrzeugklasse", "vehicle class"),
    "zone": Text("Parkzone", "zone"),
}
_PARTNERS = ("owner", "partner")
_VALUES = {
    "action_field": {
        "broadband": Text("Breitband", "Broadband"),
        "e-government": Text("E-Government", "E-government"),
        "economy": Text("Wirtschaft", "Economy"),
        "mobility": Text("Mobilität", "Mobility"),
        "housing": Text("Wohnen", "Housing"),
        "infrastructure": Text("Infrastruktur", "Infrastructure"),
        "education": Text("Bildung", "Education"),
    },
    "assurance": {
        "basic": Text("Basis", "basic"),
        "substantial": Text("substanziell", "substantial"),
        "high": Text("hoch", "high"),
    },
    "channel": {
        "online": Text("online", "online"),
        "email": Text("E-Mail", "e-mail"),
        "post": Text("Post", "post"),
        "phone": Text("Telefon", "phone"),
        "counter": Text("vor Ort", "counter"),
    },
    "field": {
        "mobility-logistics": Text("Mobilität und Logistik", "mobility and logistics"),
        "energy-environment": Text("Energie und Umweltschutz", "energy and environment"),
        "supply-disposal": Text("Ver- und Entsorgung", "supply and disposal"),
        "digital-services": Text("Digitale Services und Infrastruktur", "digital services and infrastructure"),
        "participation-social": Text("Partizipation und Soziales", "participation and social affairs"),
    },
    "kind": {
        "modernisation": Text("Modernisierung", "modernisation"),
        "new-build": Text("Neubau", "new building"),
    },
    "medium": {
        "power": Text("Strom", "power"),
        "gas": Text("Gas", "gas"),
        "water": Text("Wasser", "water"),
    },
    "mode": {
        "barge": Text("Schiff", "barge"),
        "rail": Text("Bahn", "rail"),
        "truck": Text("Lkw", "truck"),
        "car": Text("Auto", "car"),
        "transit": Text("Bus und Bahn", "transit"),
        "bike": Text("Fahrrad", "bike"),
        "foot": Text("zu Fuß", "on foot"),
    },
    "move": {
        "loaded": Text("geladen", "loaded"),
        "discharged": Text("gelöscht", "discharged"),
        "gated-in": Text("durch das Tor gekommen", "gated in"),
        "gated-out": Text("durch das Tor gegangen", "gated out"),
    },
    "office": {
        "buergerservice-walsum": Text("Bürgerservice Walsum", "Bürgerservice Walsum"),
        "buergerservice-hamborn": Text("Bürgerservice Hamborn", "Bürgerservice Hamborn"),
        "buergerservice-meiderich": Text("Bürgerservice Meiderich", "Bürgerservice Meiderich"),
        "buergerservice-homberg": Text("Bürgerservice Homberg", "Bürgerservice Homberg"),
        "buergerservice-mitte": Text("Bürgerservice Mitte", "Bürgerservice Mitte"),
        "buergerservice-rheinhausen": Text("Bürgerservice Rheinhausen", "Bürgerservice Rheinhausen"),
        "buergerservice-sued": Text("Bürgerservice Süd", "Bürgerservice Süd"),
        "strassenverkehrsamt": Text("Straßenverkehrsamt", "vehicle registration office"),
        "city": Text("Stadt Duisburg", "City of Duisburg"),
        "wbd": Text("WBD", "WBD"),
    },
    "paid_online": {"true": Text("ja", "yes"), "false": Text("nein", "no")},
}


def dimension_name(definition: KpiDefinition, dimension: str, lang: str) -> str:
    """What a dimension is called; one without a name here is called by what its contract says of the field."""
    if dimension in _DIMENSIONS:
        return _DIMENSIONS[dimension].get(lang)
    for source, term in definition.dimensions[dimension].items():
        field = definition.sources[source].contract.fields.get(str(term.tree).removeprefix("$"))
        if field is not None:
            return field.meaning.get(lang)
    return dimension


def dimension_value(dimension: str, value: str, lang: str) -> str:
    """What one value of a dimension is called."""
    if dimension in _PARTNERS:
        return partner_name(value, lang)
    known = _VALUES.get(dimension, {}).get(value)
    return known.get(lang) if known else value
