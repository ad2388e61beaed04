"""Duisburg's seven action fields, of equal rank and fixed order (Masterplan Digitales Duisburg)."""

from __future__ import annotations

from msgspec import Struct

from cityhub.sdk.text import Text

__all__ = ["FIELDS", "ActionField", "Text"]


class ActionField(Struct, frozen=True):
    """One Handlungsfeld."""

    id: str
    name: Text
    icon: str
    """Name of the icon the dashboard draws."""


FIELDS = (
    ActionField("breitband", Text("Breitband", "Broadband"), "network"),
    ActionField("e-government", Text("E-Government", "E-government"), "document"),
    ActionField("wirtschaft", Text("Wirtschaft", "Economy"), "container"),
    ActionField("mobilitaet", Text("Mobilität", "Mobility"), "tram"),
    ActionField("wohnen", Text("Wohnen", "Housing"), "house"),
    ActionField("infrastruktur", Text("Infrastruktur", "Infrastructure"), "lamp"),
    ActionField("bildung", Text("Bildung", "Education"), "book"),
)
