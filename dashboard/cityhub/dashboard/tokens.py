"""The one file of colours, sizes and type. Mantine's theme, the CSS variables and the Plotly template are made from it.

Colour means status and selection only; everything else is ink. Contrast is a test, not a promise:
text at least 4.5 : 1, graphics at least 3 : 1, in every theme.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from plotly import graph_objects as go

from cityhub.dashboard.preferences import Theme

FONT = "'Source Sans 3', 'Segoe UI', system-ui, sans-serif"
TYPE_PX = {"xs": 12, "sm": 14, "md": 16, "lg": 20, "xl": 28, "xxl": 40, "figure": 64}
SPACE_PX = (4, 8, 12, 16, 24, 32, 48)
RADIUS_PX = 8
_ROOT_PX = 16
_LINEAR_BELOW = 0.04045


class Palette(Struct, frozen=True, kw_only=True):
    """Colours of one theme, `#rrggbb`.

    Attributes:
        line: hairlines that carry no meaning. `edge`: borders that a control is recognised by.
        band: quiet fill behind bars and selected things.
    """

    ink: str
    muted: str
    line: str
    edge: str
    surface: str
    page: str
    band: str
    good: str
    bad: str
    watch: str
    unknown: str


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        ink="#16212b",
        muted="#52616f",
        line="#d5dce2",
        edge="#7a8793",
        surface="#ffffff",
        page="#f4f6f8",
        band="#e6ebef",
        good="#1b6ec2",
        bad="#b8480b",
        watch="#7d6100",
        unknown="#5f6a75",
    ),
    "dark": Palette(
        ink="#e9eef2",
        muted="#a7b4c0",
        line="#313e4a",
        edge="#71808e",
        surface="#18222c",
        page="#0f171e",
        band="#26323d",
        good="#79b8f8",
        bad="#f79a63",
        watch="#dcb84a",
        unknown="#9aa7b3",
    ),
    "contrast": Palette(
        ink="#000000",
        muted="#1f262c",
        line="#000000",
        edge="#000000",
        surface="#ffffff",
        page="#ffffff",
        band="#e0e0e0",
        good="#00418f",
        bad="#7d2a00",
        watch="#524000",
        unknown="#333b42",
    ),
}


def css(theme: Theme) -> str:
    """The theme as CSS variables; Mantine's own take the same values."""
    palette = PALETTES[theme]
    rules = {f"--{name}": value for name, value in msgspec.to_builtins(palette).items()}
    rules |= {f"--type-{name}": f"{size / _ROOT_PX:g}rem" for name, size in TYPE_PX.items()}
    rules |= {f"--space-{size}": f"{size / _ROOT_PX:g}rem" for size in SPACE_PX}
    rules |= {
        "--radius": f"{RADIUS_PX}px",
        "--font": FONT,
        "--mantine-color-body": palette.page,
        "--mantine-color-text": palette.ink,
        "--mantine-color-dimmed": palette.muted,
        "--mantine-color-default-border": palette.line,
        "color-scheme": "dark" if theme == "dark" else "light",
    }
    body = "".join(f"{name}:{value};" for name, value in rules.items())
    return f'html[data-theme="{theme}"][data-mantine-color-scheme]{{{body}}}'


def mantine_theme() -> dict[str, Any]:
    """Theme of the MantineProvider; its colours come through the CSS variables."""
    return {
        "fontFamily": FONT,
        "headings": {"fontFamily": FONT},
        "defaultRadius": RADIUS_PX,
        "fontSizes": {name: f"{TYPE_PX[name] / _ROOT_PX:g}rem" for name in ("xs", "sm", "md", "lg", "xl")},
    }


def plotly_template(theme: Theme) -> go.layout.Template:
    """The one chart style: ink on surface, hairline grid, nothing decorative."""
    palette = PALETTES[theme]
    axis = {
        "gridcolor": palette.line,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "fixedrange": True,
        "tickfont": {"color": palette.muted},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": TYPE_PX["sm"], "color": palette.ink},
            "paper_bgcolor": palette.surface,
            "plot_bgcolor": palette.surface,
            "margin": {"l": 8, "r": 72, "t": 16, "b": 8},
            "xaxis": {**axis, "showgrid": False, "automargin": True},
            "yaxis": {**axis, "automargin": True},
            "showlegend": False,
            "hovermode": "x",
            "hoverlabel": {"bgcolor": palette.surface, "bordercolor": palette.edge, "font": {"color": palette.ink}},
        }
    )


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours (WCAG 2.1, relative luminance)."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
