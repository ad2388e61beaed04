"""Names of what definitions and events name by a code: partners, denominators."""

from __future__ import annotations

from cityhub.kpi.naming import partner_name
from cityhub.sdk.text import Text

PARTNERS = {
    "city": Text("Stadt Duisburg", "City of Duisburg"),
    "dvv": Text(
        "DVV – Duisburger Versorgungs- und Verkehrsgesellschaft", "DVV – Duisburg's utility and transport company"
    ),
    "duisport": Text("duisport – Duisburger Hafen", "duisport – Port of Duisburg"),
    "gebag": Text("GEBAG – Duisburger Baugesellschaft", "GEBAG – Duisburg's housing company"),
    "imd": Text("IMD – Immobilien-Management Duisburg", "IMD – Duisburg's property management"),
    "scdic": Text("Smart City Duisburg Innovation Center", "Smart City Duisburg Innovation Center"),
    "ude": Text("UDE – Universität Duisburg-Essen", "UDE – University of Duisburg-Essen"),
    "wbd": Text("WBD – Wirtschaftsbetriebe Duisburg", "WBD – Duisburg's municipal services"),
    "wf": Text("Wirtschaftsförderung Duisburg", "Duisburg's business development agency"),
}
"""Full names of partners; every other partner is shown by its short name."""
_REFERENCES = {
    "flats": Text("Wohnungen", "flats"),
    "lamps": Text("Laternen", "lamps"),
    "leika_services": Text("Verwaltungsleistungen", "public services"),
    "population": Text("Einwohnerinnen und Einwohner", "inhabitants"),
}


def partner_full_name(partner: str, lang: str) -> str:
    """Full name where known, else the short one."""
    known = PARTNERS.get(partner)
    return known.get(lang) if known else partner_name(partner, lang)


def reference_name(reference: str, lang: str) -> str:
    """What a denominator counts, by its key."""
    name, _, _ = reference.partition(".")
    known = _REFERENCES.get(name)
    return known.get(lang) if known else name.replace("_", " ")
