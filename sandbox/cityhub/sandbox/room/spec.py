"""A tenant's own KPI: written in the city's language, within limits, and never reading of people."""

from __future__ import annotations

from typing import Any

import yaml
from msgspec import Struct

from cityhub.kpi.definition import Catalogue, KpiDefinition, parse_definition
from cityhub.kpi.errors import DefinitionError
from cityhub.sandbox.errors import SpecRefused
from cityhub.sdk import plain_yaml
from cityhub.sdk.text import Text

MOST_BYTES = 8_192
MOST_NODES = 50
_TREES = ("measure", "dimensions", "beside")


class Spec(Struct, frozen=True):
    """Attributes: text = as it was written; definition = checked."""

    text: str
    definition: KpiDefinition


def read_spec(text: str, city: Catalogue) -> Spec:
    """Read and check a tenant's KPI.

    Raises:
        SpecRefused: every fault, each with place, value and remedy.
    """
    size = len(text.encode())
    if size > MOST_BYTES:
        raise SpecRefused(
            Text(
                f"Die Definition hat {size} Bytes; höchstens {MOST_BYTES} werden gelesen. Bitte Texte kürzen.",
                f"kpi: has {size} bytes; at most {MOST_BYTES} are read, shorten names and sentences",
            )
        )
    try:
        tree = plain_yaml.load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise SpecRefused(f"kpi: not readable as YAML: {error}") from error
    written = tree if isinstance(tree, dict) else {}
    nodes = sum(_nodes(written.get(name)) for name in _TREES)
    if nodes > MOST_NODES:
        raise SpecRefused(
            Text(
                f"measure, dimensions und beside haben {nodes} Knoten; gerechnet werden höchstens {MOST_NODES}.",
                f"kpi: measure, dimensions and beside have {nodes} nodes; at most {MOST_NODES} are counted",
            )
        )
    try:
        definition = parse_definition(text, "kpi", city.contracts)
    except DefinitionError as error:
        raise SpecRefused(*str(error).splitlines()) from error
    if faults := _faults(definition, city):
        raise SpecRefused(*faults)
    return Spec(text, definition)


def _faults(one: KpiDefinition, city: Catalogue) -> list[Text]:
    found = []
    if one.id in {known.id for known in city}:
        other = f"my-{one.id.lower()}"
        found.append(
            Text(
                f"{one.id} ist eine Kennzahl der Stadt; bitte eine andere id wählen, etwa {other}.",
                f"kpi: id: {one.id} is a KPI of the city; choose another, such as {other}",
            )
        )
    if one.value_of is not None:
        found.append(
            Text(
                "value_of gehört zum Katalog der Stadt; bitte weglassen.",
                f"kpi: value_of: {one.value_of!r} is of the city's catalogue; leave it out",
            )
        )
    found += [
        Text(
            f"sources.{name}: {source.type} erzählt von Menschen; solche Ereignisse gibt es hier nicht.",
            f"kpi: sources.{name}: {source.type} tells of people; the sandbox has no such events",
        )
        for name, source in one.sources.items()
        if source.contract.personal or one.minimum_group
    ]
    return found


def _nodes(tree: Any) -> int:
    """Operators, fields and constants of a written tree."""
    if isinstance(tree, dict):
        return sum(1 + _nodes(value) for value in tree.values())
    if isinstance(tree, list):
        return sum(_nodes(value) for value in tree)
    return 1
