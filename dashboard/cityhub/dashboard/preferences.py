"""What a reader has chosen: language, appearance, area, leads. Kept in cookies, set only when somebody chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

from cityhub.dashboard.area import Area
from cityhub.dashboard.leads import Leads
from cityhub.dashboard.texts import Lang

Theme = Literal["light", "dark", "contrast"]
COOKIE_OF = {"lang": "cityhub_lang", "theme": "cityhub_theme", "area": "cityhub_area", "leads": "cityhub_leads"}
ONE_YEAR_S = 31_536_000


class Preferences(Struct, frozen=True):
    """German and light unless chosen otherwise; area, leads "" = not chosen."""

    lang: Lang = "de"
    theme: Theme = "light"
    area: str = ""
    leads: str = ""


def preferences(chosen: Mapping[str, object]) -> Preferences:
    """From `lang`, `theme`, `area` and `leads`; unknown values count as not chosen."""
    lang, theme = chosen.get("lang"), chosen.get("theme")
    area, leads = Area.parse(chosen.get("area")), Leads.parse(chosen.get("leads"))
    return Preferences(
        lang if lang in get_args(Lang) else "de",  # type: ignore[arg-type]
        theme if theme in get_args(Theme) else "light",  # type: ignore[arg-type]
        area.text if area else "",
        leads.text if leads else "",
    )


def chosen_in(query: Mapping[str, str], cookies: Mapping[str, str]) -> dict[str, object]:
    """What address and cookies say; the address wins, so that a shared link keeps its language."""
    kept = {name: cookies.get(cookie) for name, cookie in COOKIE_OF.items()}
    return {name: query.get(name) or value for name, value in kept.items()}
