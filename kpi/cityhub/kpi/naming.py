"""What readers call the numbers of a KPI: what stands beside its value, and what is counted for it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal, NamedTuple

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.layout import quantile_name
from cityhub.kpi.kernel.measure import Join, Measure, Quantile, Ratio, Term, Total
from cityhub.kpi.values import KpiValue
from cityhub.sdk.text import Text

_OPEN = Text("offene Fälle", "open cases")
_OPEN_AGE = Text("mittleres Alter offener Fälle", "mean age of open cases")
_UNMATCHED = Text("Abschlüsse ohne Beginn", "closings without a beginning")
_EVENTS = Text("Ereignisse", "events")
_VALUES = Text("Werte", "values")
_CLOSED = Text("abgeschlossene Fälle", "closed cases")
_OPENED = Text("begonnene Fälle", "cases begun")
_PARTNERS = {
    "city": Text("Stadt Duisburg", "City of Duisburg"),
    "duisport": Text("duisport", "duisport"),
    "fraunhofer": Text("Fraunhofer", "Fraunhofer"),
    "hub": Text("Datendrehscheibe", "data hub"),
    "kontor": Text("Duisburg Kontor", "Duisburg Kontor"),
    "scdic": Text("Innovation Center", "Innovation Center"),
    "startport": Text("startport", "startport"),
    "wf": Text("Wirtschaftsförderung", "Business development"),
}
"""Partners that are not known by their initials."""
_TEENS = range(11, 14)
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


class NamedText(NamedTuple):
    """A value that stands beside the main one; `unit` is UCUM."""

    title: Text
    unit: str


class Beside(NamedTuple):
    """Such a value in one window; None = unknown."""

    name: str
    text: NamedText
    value: float | None


def partner_name(partner: str, lang: str) -> str:
    """Short name of a partner as the city writes it."""
    known = _PARTNERS.get(partner)
    return known.get(lang) if known else partner.upper()


def named_values(definition: KpiDefinition) -> dict[str, NamedText]:
    """Everything a `KpiValue` carries in `beside` and `named`: the engine's own values, then the definition's.

    The names are those that `kernel.layout` gives.
    """
    found = dict(_automatic(definition.measure, definition.unit))
    for named in definition.beside.values():
        found.update(_automatic(named.measure, named.unit))
    return found | {name: NamedText(named.name, named.unit) for name, named in definition.beside.items()}


def stands_beside(definition: KpiDefinition, value: KpiValue) -> list[Beside]:
    """What stands beside a value, in the definition's order; what the value does not know is None."""
    known: dict[str, float | None] = {**value.named, **value.beside}
    return [Beside(name, text, known.get(name)) for name, text in named_values(definition).items()]


def counted_noun(definition: KpiDefinition, lang: Literal["de", "en"]) -> str:
    """What `counted` counts, such as departures."""
    match definition.measure:
        case Ratio(over=Term(name=Text() as name)) if _counts_cases(definition):
            noun = name
        case Total(of=Term(name=Text() as name)) if _counts_cases(definition):
            noun = name
        case Quantile():
            noun = _VALUES
        case Join(over="opened"):
            noun = _OPENED
        case Join():
            noun = _CLOSED
        case _:
            noun = _EVENTS
    return noun.get(lang)


def counted(definition: KpiDefinition, value: KpiValue) -> int:
    """How many cases a value is made of; where it is made of sums, times or states, how many events."""
    match definition.measure:
        case Total() if _counts_cases(definition):
            return value.numerator
        case Join(at=(), holds=None, over="closed"):
            return value.numerator
        case Ratio() if not _counts_cases(definition):
            return value.n
        case Ratio() | Quantile() | Join():
            return value.denominator
    return value.n


def _counts_cases(definition: KpiDefinition) -> bool:
    """Whether what a share is of (or a total is) counts events one by one, and not amounts."""
    match definition.measure:
        case Ratio(over=Term() as term) | Total(of=Term() as term):
            return all(part.value is None for part in term.parts)
    return False


def _automatic(measure: Measure, unit: str) -> Iterator[tuple[str, NamedText]]:
    """Values that the class of a measure brings along."""
    if isinstance(measure, Join):
        if measure.open:
            yield "open", NamedText(_OPEN, "1")
            yield "open_age", NamedText(_OPEN_AGE, "d")
        yield "unmatched", NamedText(_UNMATCHED, "1")
    if isinstance(measure, Quantile | Join):
        for at in measure.at[1:]:
            yield quantile_name(at), NamedText(_quantile_title(at), unit)


def _quantile_title(at: Fraction) -> Text:
    percent = f"{float(at * 100):g}"
    last = int(percent[-1])
    teen = "." not in percent and int(percent) in _TEENS
    ending = "th" if teen or "." in percent else _ENDINGS.get(last, "th")
    return Text(f"{percent.replace('.', ',')}-%-Wert", f"{percent}{ending} percentile")
