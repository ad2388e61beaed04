"""What stands next to a number so that it is read rightly: further values, open cases, how much was observed."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.tables import capital
from cityhub.dashboard.texts import Lang, T, t
from cityhub.kpi.attainment import is_reliable
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.naming import stands_beside
from cityhub.kpi.values import KpiValue


def beside(definition: KpiDefinition, value: KpiValue, lang: Lang, key: str) -> Component | None:
    """`90-%-Wert: 12,5 Tage · Offene Fälle: 312`, and how much was observed; None where nothing stands beside."""
    words = [*_values(definition, value, lang), *_coverage(value, lang)]
    return html.Span(" · ".join(words), className="beside", id=key) if words else None


def _values(definition: KpiDefinition, value: KpiValue, lang: Lang) -> Sequence[str]:
    return [
        t(
            lang,
            T.BESIDE,
            name=capital(one.text.title.get(lang)),
            value=t(lang, T.UNKNOWN_VALUE)
            if one.value is None
            else formats.quantity(one.value, one.text.unit, lang).replace(" ", formats.NBSP),
        )
        for one in stands_beside(definition, value)
        if one.name != "unmatched" or one.value
    ]


def _coverage(value: KpiValue, lang: Lang) -> Sequence[str]:
    if value.coverage is None:
        return []
    share = formats.percent(value.coverage, lang)
    return [t(lang, T.OBSERVED if is_reliable(value) else T.OBSERVED_TOO_LITTLE, share=share)]
