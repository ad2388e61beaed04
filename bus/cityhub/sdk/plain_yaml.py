"""YAML as far as data files need it: one document of plain values, no aliases, no key twice, bounded size and depth."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

MAX_CHARACTERS = 65_536
MAX_SCALAR = 2_000
MAX_DEPTH = 20


def load(text: str) -> Any:
    """Read one document.

    Raises:
        yaml.YAMLError: not YAML, or more than plain; the message names line and column.
    """
    if len(text) > MAX_CHARACTERS:
        raise yaml.YAMLError(f"the file has {len(text)} characters; at most {MAX_CHARACTERS} are read")
    try:
        return yaml.load(text, _PlainLoader)  # noqa: S506 - a SafeLoader that takes even less
    except yaml.MarkedYAMLError as error:
        hint = "texts that begin with @ or hold ': ' need quotation marks"
        raise yaml.YAMLError(f"{' '.join(str(error).split())}; {hint}") from error
    except ValueError as error:  # a date or number that has the form of one and is none, such as 2026-02-30
        raise yaml.YAMLError(f"{error}; texts that look like dates or numbers need quotation marks") from error


class _PlainLoader(yaml.SafeLoader):
    """Refuses what makes a short file large or ambiguous."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _refusal(event.start_mark, "aliases are not read; write the value out")
        if self._depth >= MAX_DEPTH:
            raise _refusal(event.start_mark, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > MAX_SCALAR:
            raise _refusal(event.start_mark, f"a text of {len(event.value)} characters; at most {MAX_SCALAR} are read")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys:
                    raise _refusal(key.start_mark, f"key {key.value!r} stands twice; keep one")
                keys.add(key.value)
        return super().construct_mapping(node, deep)


def _refusal(mark: Any, problem: str) -> yaml.YAMLError:
    return yaml.YAMLError(f"line {mark.line + 1}, column {mark.column + 1}: {problem}")
