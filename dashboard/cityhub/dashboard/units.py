"""Units of measure as people read them: from a definition's UCUM code to a sign or a word."""

from __future__ import annotations

import re

from cityhub.sdk.text import Text

_SIGNS = {
    "1": Text("", ""),
    "s": Text("s", "s"),
    "h": Text("Std.", "h"),
    "d": Text("Tage", "days"),
    "wk": Text("Wochen", "weeks"),
    "[ppth]": Text("‰", "‰"),
    "[ppm]": Text("ppm", "ppm"),
    "Cel": Text("°C", "°C"),
}
_WORDS = {
    "%": Text("Prozent", "percent"),
    "[ppth]": Text("Promille", "per mille"),
    "s": Text("Sekunden", "seconds"),
    "min": Text("Minuten", "minutes"),
    "h": Text("Stunden", "hours"),
    "kW.h": Text("Kilowattstunden", "kilowatt hours"),
}
_PER = re.compile(r"10\*-([1-9])")
_PARTS = {"W.h": "Wh", "EUR": "€", "m2": "m²", "m3": "m³", ".": "·", "{": "", "}": ""}
_TWO_DECIMALS = ("kW.h", "EUR")


def sign(unit: str, lang: str) -> str:
    """What stands behind a number: `%`, `kWh`, `Tage`, `je 100.000`; nothing for a plain number."""
    if unit in _SIGNS:
        return _SIGNS[unit].get(lang)
    if per := _PER.fullmatch(unit):
        size = f"{10 ** int(per[1]):,}"
        return f"per {size}" if lang == "en" else f"je {size.replace(',', '.')}"
    for code, shown in _PARTS.items():
        unit = unit.replace(code, shown)
    if unit.startswith("/"):
        return f"{'per' if lang == 'en' else 'je'} {unit[1:]}"
    return unit


def word(unit: str, lang: str) -> str:
    """The unit as it is read aloud."""
    return _WORDS[unit].get(lang) if unit in _WORDS else sign(unit, lang)


def decimals(unit: str, *values: float) -> int:
    """How many decimals numbers of a unit are shown with; counts have none."""
    if unit == "1" or unit.startswith("{"):
        return 0 if all(value == round(value) for value in values) else 2
    return 2 if unit.startswith(_TWO_DECIMALS) else 1
