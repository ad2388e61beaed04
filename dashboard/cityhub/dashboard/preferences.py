"""What a reader has chosen: language, appearance, area. Kept in cookies that are set only when somebody chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

from cityhub.dashboard.area import Area
from cityhub.dashboard.texts import Lang

Theme = Literal["light", "dark", "contrast"]
COOKIE_OF = {"lang": "cityhub_lang", "theme": "cityhub_theme", "area": "cityhub_area"}
ONE_YEAR_S = 31_536_000


class Preferences(Struct, frozen=True):
    """German and light unless chosen otherwise; area "" = not chosen."""

    lang: Lang = "de"
    theme: Theme = "light"
    area: str = ""


def preferences(chosen: Mapping[str, object]) -> Preferences:
    """From `lang`, `theme` and `area`; unknown values count as not chosen."""
    lang, theme, area = chosen.get("lang"), chosen.get("theme"), Area.parse(chosen.get("area"))
    return Preferences(
        lang if lang in get_args(Lang) else "de",  # type: ignore[arg-type]
        theme if theme in get_args(Theme) else "light",  # type: ignore[arg-type]
        area.text if area else "",
    )


def chosen_in(query: Mapping[str, str], cookies: Mapping[str, str]) -> dict[str, object]:
    """What address and cookies say; the address wins, so that a shared link keeps its language."""
    kept = {name: cookies.get(cookie) for name, cookie in COOKIE_OF.items()}
    return {name: query.get(name) or value for name, value in kept.items()}
