"""Changing a page in place.

Dash 4.4 builds every component below a new `children` anew, and with it go the reader's focus, scroll position and open
details. So components that change carry an id, and only their properties are sent: a page is its skeleton (types,
order, property names, everything without an id) and its parts (properties by id). While the skeleton stays, parts are
replaced; else the page is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from dash._utils import to_json
from msgspec import Struct


class Drawn(Struct, frozen=True):
    """What a browser shows, as digests: of the skeleton, and of each part by id."""

    skeleton: str = ""
    parts: dict[str, str] = {}


class Sheet(Struct, frozen=True):
    """A drawn tree, ready to be compared.

    Attributes:
        parts: properties by id, without those of components that are parts themselves.
    """

    skeleton: str
    parts: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, tree: object) -> Sheet:
        """Take a tree of components apart."""
        parts: dict[str, Mapping[str, Any]] = {}
        return cls(_digest(_skeleton(json.loads(to_json(tree)), parts)), parts)

    @property
    def drawn(self) -> Drawn:
        """Its digests, to be kept in the browser."""
        return Drawn(self.skeleton, {key: _digest(part) for key, part in self.parts.items()})

    def changes(self, shown: Drawn) -> Mapping[str, Mapping[str, Any]] | None:
        """Properties to set by id, or None when the whole tree has to be replaced."""
        if shown.skeleton != self.skeleton:
            return None
        return {key: part for key, part in self.parts.items() if shown.parts.get(key) != _digest(part)}


def drawn_of(data: object) -> Drawn:
    """What a browser says it shows; nothing, when it is not readable."""
    try:
        return msgspec.convert(data, Drawn)
    except msgspec.ValidationError:
        return Drawn()


def _skeleton(node: Any, parts: dict[str, Mapping[str, Any]]) -> Any:
    if isinstance(node, list):
        return [_skeleton(item, parts) for item in node]
    if not isinstance(node, dict) or "props" not in node:
        return node
    props = dict(node["props"])
    if "id" not in props:
        return {**node, "props": {**props, "children": _skeleton(props.get("children"), parts)}}
    key = props.pop("id")
    names = sorted(props)
    below: dict[str, Mapping[str, Any]] = {}
    children = _skeleton(props.get("children"), below)
    if below:
        del props["children"]
        parts |= below
    parts[key] = props
    return [node["type"], key, names, children if below else None]


def _digest(value: object) -> str:
    return blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=8).hexdigest()
