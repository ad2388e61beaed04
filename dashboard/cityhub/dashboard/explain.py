"""What a number was made of, in one plain sentence for each class of measure."""

from __future__ import annotations

from collections.abc import Mapping

from cityhub.dashboard import formats
from cityhub.dashboard.names import reference_name
from cityhub.dashboard.texts import Lang, Wording, t
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.measure import (
    Distinct,
    Join,
    Latest,
    Operand,
    Pairs,
    Quantile,
    Ratio,
    Reference,
    State,
    Term,
    Total,
    references_of,
)
from cityhub.kpi.naming import counted, counted_noun
from cityhub.kpi.values import KpiValue
from cityhub.sdk.text import Text

_MS_PER_HOUR = 3_600_000
_FEW_HOURS = 10


class Explained(Wording):
    """The sentences. A sum may be divided, so its sentence ends where the divisors do."""

    WITHHELD = Text(
        "Diese Zahl wird zurückgehalten: Hinter ihr, oder hinter einer Zahl, die aus ihr folgen würde, stehen weniger "
        "als {n} Menschen oder Fälle.",
        "This number is withheld: fewer than {n} people or cases stand behind it, or behind a number that would follow "
        "from it.",
    )
    ROUNDED = Text(
        "{text} Zum Schutz kleiner Gruppen sind alle Anzahlen auf Vielfache von {n} gerundet.",
        "{text} To protect small groups all counts are rounded to multiples of {n}.",
    )

    SHARE = Text(
        "{n} {noun} gezählt, {good} davon erfüllen die Bedingung.",
        "{n} {noun} counted, {good} of them meet the condition.",
    )
    REST = Text(
        "{n} {noun} gezählt, {good} davon erfüllen die Bedingung nicht.",
        "{n} {noun} counted, {good} of them do not meet the condition.",
    )
    PROPORTION = Text(
        "Verhältnis zweier Größen aus {n} gezählten Ereignissen.", "Ratio of two quantities from {n} counted events."
    )
    COUNT = Text("{good} {noun} gezählt", "{good} {noun} counted")
    SUM = Text("Summe aus {n} gezählten Ereignissen", "Sum over {n} counted events")
    DISTINCT = Text(
        "{good} verschiedene Werte in {n} Ereignissen gezählt", "{good} different values counted in {n} events"
    )
    DIVIDED = Text("{text}, geteilt durch {reference}", "{text}, divided by {reference}")
    HOURLY = Text("{text}, je Stunde des Zeitraums", "{text}, per hour of the period")
    QUANTILE = Text(
        "{n} {noun} ausgewertet; {share} davon liegen höchstens bei diesem Wert.",
        "{n} {noun} evaluated; {share} of them are at most this value.",
    )
    STATE = Text(
        "Zusammen {n} Stunden beobachtet; in {good} davon war die Bedingung erfüllt.",
        "{n} hours observed in all; the condition was met in {good} of them.",
    )
    STATE_REST = Text(
        "Zusammen {n} Stunden beobachtet; in {good} davon war die Bedingung nicht erfüllt.",
        "{n} hours observed in all; the condition was not met in {good} of them.",
    )
    STATE_KNOWN = Text(
        "Von zusammen {n} Stunden war in {good} die Bedingung erfüllt; Zeit ohne Meldung zählt nicht dazu.",
        "The condition was met in {good} of {n} hours in all; time without a report does not count as met.",
    )
    STATE_KNOWN_REST = Text(
        "Von zusammen {n} Stunden war in {good} die Bedingung nicht erfüllt oder nichts gemeldet.",
        "In {good} of {n} hours in all the condition was not met, or nothing was reported.",
    )
    STATE_TIME = Text(
        "Die Bedingung war zusammen {good} Stunden lang erfüllt.", "The condition was met for {good} hours in all."
    )
    STATE_MEAN = Text(
        "Zusammen {n} Stunden beobachtet; der Wert ist das Mittel über diese Zeit.",
        "{n} hours observed in all; the value is the mean over this time.",
    )
    LATEST = Text(
        "Stand am Ende des Zeitraums, aus den jeweils letzten Meldungen.",
        "As of the end of the period, from the last report of each.",
    )
    LATEST_COUNT = Text("Stand am Ende des Zeitraums: {good}.", "As of the end of the period: {good}.")
    LATEST_SHARE = Text(
        "Stand am Ende des Zeitraums: {good} von {reference}.", "As of the end of the period: {good} of {reference}."
    )
    PAIRS = Text(
        "Stand am Ende des Zeitraums: {good} Paare, aus den jeweils letzten Meldungen.",
        "As of the end of the period: {good} pairs, from the last report of each.",
    )
    NO_REFERENCE = Text(
        "Der Wert ist unbekannt, weil für diesen Zeitraum eine Bezugsgröße fehlt: {reference}.",
        "The value is unknown because a reference quantity is missing for this period: {reference}.",
    )


def explained(definition: KpiDefinition, value: KpiValue, lang: Lang) -> str:
    """What a value was made of, or why it is withheld."""
    if value.suppressed:
        return t(lang, Explained.WITHHELD, n=value.minimum_group)
    text = _made_of(definition, value, lang)
    return t(lang, Explained.ROUNDED, text=text, n=value.minimum_group) if value.minimum_group else text


def _made_of(definition: KpiDefinition, value: KpiValue, lang: Lang) -> str:
    measure, reference = definition.measure, _reference_of(definition)
    if reference and reference not in value.references:
        return t(lang, Explained.NO_REFERENCE, reference=reference_name(reference, lang))
    parts = {
        "n": formats.number(counted(definition, value), lang),
        "noun": counted_noun(definition, lang),
        "good": formats.number(value.numerator, lang),
        "reference": _amount(reference, value, lang),
    }
    match measure:
        case Quantile() | Join(at=(_, *_)):
            text = t(lang, Explained.QUANTILE, **parts, share=formats.percent(float(measure.at[0]), lang))
        case Ratio(over=Reference(), complement=False) | Total() | Distinct() | Join(holds=None, over="closed"):
            text = _sum(measure, parts, lang)
        case Ratio() if _is_share(definition):
            text = t(lang, Explained.REST if measure.complement else Explained.SHARE, **parts)
        case Join():
            text = t(lang, Explained.SHARE, **parts)
        case State():
            text = _state(measure, value, lang)
        case Latest():
            text = t(lang, _state_at_end(measure), **parts)
        case Pairs():
            text = t(lang, Explained.PAIRS, **parts)
        case _:
            text = t(lang, Explained.PROPORTION, **parts)
    return text


def _sum(measure: Ratio | Total | Distinct | Join, parts: Mapping[str, str], lang: Lang) -> str:
    """Events, amounts, different values or cases, and what their number was divided by."""
    if isinstance(measure, Distinct):
        key = Explained.DISTINCT
    elif isinstance(measure, Join) or _is_count(measure.of):
        key = Explained.COUNT
    else:
        key = Explained.SUM
    text = t(lang, key, **parts)
    if parts["reference"]:
        text = t(lang, Explained.DIVIDED, text=text, reference=parts["reference"])
    if isinstance(measure, Total) and measure.per_hour:
        text = t(lang, Explained.HOURLY, text=text)
    return f"{text}."


def _is_count(operand: Operand) -> bool:
    return isinstance(operand, Term) and all(part.value is None for part in operand.parts)


def _is_share(definition: KpiDefinition) -> bool:
    """Whether a ratio says how many of the counted events meet a condition."""
    measure = definition.measure
    if not (isinstance(measure, Ratio) and isinstance(measure.of, Term) and isinstance(measure.over, Term)):
        return False
    sources = {part.source for part in measure.over.parts}
    within = all(part.source in sources for part in measure.of.parts)
    return within and _is_count(measure.of) and _is_count(measure.over)


def _state(measure: State, value: KpiValue, lang: Lang) -> str:
    if measure.of[0].holds is None:
        sentence = Explained.STATE_MEAN
    elif measure.total:
        sentence = Explained.STATE_TIME
    elif measure.over == "known":
        sentence = Explained.STATE_KNOWN_REST if measure.complement else Explained.STATE_KNOWN
    else:
        sentence = Explained.STATE_REST if measure.complement else Explained.STATE
    return t(lang, sentence, n=_hours(value.denominator, lang), good=_hours(value.numerator, lang))


def _hours(ms: int, lang: Lang) -> str:
    """Whole hours; a few with one decimal."""
    return formats.number(ms / _MS_PER_HOUR, lang, 0 if ms >= _FEW_HOURS * _MS_PER_HOUR else 1)


def _state_at_end(measure: Latest) -> Explained:
    kinds = [source.value.type for source in measure.of]
    bits = all(kind.scale == 0 and 0 <= (kind.low or 0) <= (kind.high or 2) <= 1 for kind in kinds)
    if measure.of[0].over is not None or not bits:
        return Explained.LATEST
    return Explained.LATEST_SHARE if measure.per else Explained.LATEST_COUNT


def _reference_of(definition: KpiDefinition) -> str:
    """Key of the denominator of the main value, "" where it has none."""
    return next((one.key for one in references_of(definition.measure)), "")


def _amount(reference: str, value: KpiValue, lang: Lang) -> str:
    """`12.000 Wohnungen`."""
    if not reference:
        return ""
    return f"{formats.number(value.references[reference], lang)} {reference_name(reference, lang)}"
