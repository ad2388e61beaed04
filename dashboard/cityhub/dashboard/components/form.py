"""Parts of forms: a field of one line, a button, a section, a question asked a second time."""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.sandbox_form import LONGEST

_MANY = 12
"""Options that nobody wants to read one by one."""


def field(key: str, label: str, *, value: str = "", required: bool = False, placeholder: str = "") -> Component:
    """A field of one line."""
    return dmc.TextInput(
        id=key,
        label=label,
        required=required,
        value=value,
        placeholder=placeholder,
        inputProps={"maxLength": LONGEST, "autoComplete": "off"},
    )


def choice(key: str, label: str, options: Sequence[tuple[str, str]], value: str | None = None) -> Component:
    """One of several. Args: options = value and words."""
    data = [{"value": one, "label": words} for one, words in options]
    return dmc.Select(id=key, label=label, data=data, value=value, searchable=len(data) > _MANY, allowDeselect=False)


def button(key: str, words: str) -> Component:
    """A button that a callback listens to."""
    return html.Button(words, id=key, type="button", className="button")


def section(key: str, title: str, parts: Sequence[Component]) -> Component:
    """A card under a heading with the id `<key>-head`."""
    head = html.H2(title, id=f"{key}-head")
    return html.Section([head, *parts], className="card proof sandbox-form", id=key)


def asked_twice(ask: str, hint: str, sure: Component) -> Component:
    """A button that stands behind a question."""
    return html.Details([html.Summary(ask), html.P(hint, className="hint"), sure])
