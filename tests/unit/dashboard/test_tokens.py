"""Colours can be told apart in every theme, and everything that is styled has its token."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cityhub.dashboard
from cityhub.dashboard import tokens
from cityhub.dashboard.preferences import Theme
from cityhub.kpi.attainment import Direction, Status
from cityhub.kpi.fields import FIELDS

ASSETS = Path(cityhub.dashboard.__path__[0]) / "assets"
TEXT = ("ink", "muted", "good", "bad", "watch", "unknown")
GRAPHICS = ("edge", "ink")


@pytest.mark.parametrize("theme", tokens.PALETTES)
@pytest.mark.parametrize("ground", ["surface", "page"])
def test_contrast(theme: Theme, ground: str) -> None:
    palette = tokens.PALETTES[theme]
    behind = getattr(palette, ground)
    for name in TEXT:
        assert tokens.contrast(getattr(palette, name), behind) >= (7.0 if theme == "contrast" else 4.5), name
    for name in GRAPHICS:
        assert tokens.contrast(getattr(palette, name), behind) >= 3.0, name
    assert tokens.contrast(palette.ink, palette.band) >= 3.0, "a bar on its ground"


def test_contrast_is_the_published_formula() -> None:
    assert tokens.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert tokens.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_the_stylesheet_uses_only_tokens_that_every_theme_defines() -> None:
    used = set(re.findall(r"var\((--[\w-]+)\)", (ASSETS / "city.css").read_text("utf-8"))) - {"--drawing"}
    for theme in tokens.PALETTES:
        assert used <= set(re.findall(r"(--[\w-]+):", tokens.css(theme)))


def test_the_stylesheet_names_no_colour_of_its_own_and_no_other_place() -> None:
    sheet = (ASSETS / "city.css").read_text("utf-8")
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl", sheet)
    assert not re.search(r"https?:|//[\w]", sheet)


def test_every_icon_has_its_local_drawing() -> None:
    sheet = (ASSETS / "city.css").read_text("utf-8")
    names = {field.icon for field in FIELDS} | {*Status, *Direction} | {"warning", "simulation", "clock", "download"}
    for name in names | {"sign-in", "sign-out", "sort-ascending", "sort-descending", "sort-none"}:
        assert f'.icon-{name} {{ --drawing: url("icons/{name}.svg"); }}' in sheet
        assert (ASSETS / "icons" / f"{name}.svg").is_file()


@pytest.mark.parametrize("theme", tokens.PALETTES)
def test_charts_take_their_colours_from_the_same_palette(theme: Theme) -> None:
    layout = tokens.plotly_template(theme).layout
    assert layout.paper_bgcolor == tokens.PALETTES[theme].surface
    assert layout.font.color == tokens.PALETTES[theme].ink
    assert layout.font.family == tokens.mantine_theme()["fontFamily"]
