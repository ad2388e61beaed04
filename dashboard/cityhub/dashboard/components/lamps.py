"""Lamps in a row, each filled by what it used beside an old luminaire, silent ones hatched; each opens its events."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component
from msgspec import Struct

from cityhub.dashboard import formats
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import Lang, t


class Lamp(Struct, frozen=True):
    """A lamp in a window.

    Attributes:
        used: in the KPI's unit; None = silent. share: that of what an old luminaire used; None = not known.
        address: its events.
    """

    name: str
    used: float | None
    share: float | None
    address: str


def lamp_row(lamps: Sequence[Lamp], unit: str, label: str, lang: Lang) -> Component:
    """A row of glyphs that breaks into shorter ones where there is less room."""
    items = [_lamp(lamp, f"lamp-{place}", unit, lang) for place, lamp in enumerate(lamps)]
    return html.Ul(items, className="lamps", **{"aria-label": label})


def _lamp(lamp: Lamp, key: str, unit: str, lang: Lang) -> Component:
    silent, words = lamp.used is None, _words(lamp, unit, lang)
    fill = 0.0 if silent else min(1.0, 1.0 if lamp.share is None else lamp.share)
    light = html.Span(className="lamp-light", style={"height": f"{fill * 100:.0f}%"})
    glass = html.Span(light, className="lamp-glass silent" if silent else "lamp-glass")
    parts = [html.Span(className="lamp-head"), glass, html.Span(className="lamp-mast")]
    more = lamp.share is not None and lamp.share > 1
    value = "–" if lamp.used is None else formats.quantity(lamp.used, unit, lang).partition(formats.NBSP)[0]
    drawn = link(
        [
            html.Span(parts, className="lamp-glyph"),
            html.Span([icon("up") if more else None, value], className="lamp-value"),
            html.Span(re.split(r"\W", lamp.name)[-1], className="lamp-name"),
        ],
        lamp.address,
        id=key,
        className="lamp",
        **{"aria-label": words},
    )
    return html.Li(drawn, title=words, id=f"{key}-place")


def _words(lamp: Lamp, unit: str, lang: Lang) -> str:
    if lamp.used is None:
        return t(lang, S.LAMP_SILENT, lamp=lamp.name)
    words = t(lang, S.LAMP_LIT, lamp=lamp.name, value=formats.quantity(lamp.used, unit, lang))
    share = "" if lamp.share is None else t(lang, S.LAMP_SHARE, share=formats.percent(lamp.share, lang))
    return ", ".join(filter(None, (words, share)))
