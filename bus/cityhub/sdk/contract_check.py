"""Reading a struct out of a data file so that every problem of it is told at once.

Each key is converted by itself; what converted is judged by rules, each of which sees only the keys it needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Struct

_StructT = TypeVar("_StructT", bound=Struct)
_MAX_SHOWN = 60
_MOST_NAMED = 40
TODO = "TODO"
"""What a text begins with that is not decided yet."""


class Rule(NamedTuple):
    """`check` is called with the values of `keys` once all of them are known; it yields `<key>: <problem>`."""

    check: Callable[..., Iterator[str]]
    keys: tuple[str, ...]


def check(
    tree: Any, kind: type[_StructT], rules: tuple[Rule, ...], path: str = "", ready: Mapping[str, Any] | None = None
) -> tuple[_StructT | None, list[str]]:
    """Convert and judge one mapping.

    Args:
        path: prefix of the paths in problems, such as `fields.delay_s.`.
        ready: values of keys that the caller has converted already.

    Returns:
        The struct, None when there are problems, and the problems.
    """
    if not isinstance(tree, dict):
        return None, [f"{path.rstrip('.') or 'the file'}: {shown(tree)} is no mapping; write keys with values"]
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    problems = [f"{path}{key}: unknown key{near(key, known)}" for key in tree if key not in known]
    values = dict(ready or {})
    for name, field in known.items():
        if name in values:
            continue
        if name not in tree:
            if field.default is NODEFAULT:
                problems.append(f"{path}{name}: missing; write it as docs/contracts.md shows")
            else:
                values[name] = field.default
            continue
        try:
            values[name] = msgspec.convert(tree[name], field.type)
        except msgspec.ValidationError as error:
            problems.append(path + _misfit(name, tree[name], field.type, str(error)))
    for rule in rules:
        if all(key in values for key in rule.keys):
            problems += (path + problem for problem in rule.check(*(values[key] for key in rule.keys)))
    return (None, problems) if problems else (kind(**values), problems)


def open_questions(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of everything that is still to be decided."""
    if isinstance(tree, str):
        if re.match(rf"{TODO}\b", tree):
            yield path, tree
    elif isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from open_questions(value, f"{path}.{key}" if path else str(key))


def near(name: object, known: Collection[str]) -> str:
    """What was probably meant, as the tail of a message."""
    matches = get_close_matches(str(name), known, 3)
    if not matches and len(known) > _MOST_NAMED:
        return f"; none of the {len(known)} there are is like it"
    return f"; write {' or '.join(matches or known)}" if known else "; there is none yet"


def shown(value: object) -> str:
    """A value for a message, shortened."""
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _misfit(name: str, value: object, kind: Any, message: str) -> str:
    if get_origin(kind) is Literal:
        return f"{name}: {shown(value)} is not known; write one of {', '.join(get_args(kind))}"
    what, _, where = repr(message)[1:-1].partition(" - at `$")  # it quotes unknown fields as they were written
    remedy = "put it in quotation marks" if what.startswith("Expected `str") else f"docs/contracts.md explains {name}"
    return f"{name}{where.rstrip('`')}: {shown(value)} does not fit: {what}; {remedy}"
