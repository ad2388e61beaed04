"""What a reader reads: the text of a tree of components, its accessible names, its ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dash._utils import to_json

from cityhub.dashboard.address import parse
from cityhub.dashboard.preferences import preferences
from cityhub.dashboard.render import Page, render
from cityhub.dashboard.view import View
from tests.unit.dashboard.world import World


def view(world: World, lang: str = "de", theme: str = "light", area: str = "") -> View:
    return View.of(world.services(), preferences({"lang": lang, "theme": theme, "area": area}))


def page(world: World, path: str, query: str = "", lang: str = "de", theme: str = "light") -> Page:
    return render(view(world, lang, theme), parse(path, query))


def shown(world: World, path: str, query: str = "", lang: str = "de") -> str:
    """The text of a page, without-break spaces as plain ones."""
    return text(page(world, path, query, lang).body)


def nodes(tree: object) -> Iterator[dict[str, Any]]:
    """Every component, in order."""
    plain = json.loads(to_json(tree))
    waiting = [plain]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, list):
            waiting[:0] = node
        elif isinstance(node, dict) and "props" in node:
            yield node
            waiting[:0] = [node["props"].get("children")]


def text(tree: object) -> str:
    """Everything written in a tree, in order."""
    return " ".join(" ".join(_texts(json.loads(to_json(tree)))).split())


def by_id(tree: object, key: str) -> dict[str, Any]:
    """The component with an id."""
    return next(node for node in nodes(tree) if node["props"].get("id") == key)


def ids(tree: object) -> list[str]:
    return [node["props"]["id"] for node in nodes(tree) if "id" in node["props"]]


def read(tree: object, key: str) -> str:
    """The text of the component with an id."""
    return text(by_id(tree, key))


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, dict) and "props" in node:
        yield from _texts(node["props"].get("children"))
    elif node not in {None, ""}:
        yield str(node).strip()
