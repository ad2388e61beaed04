"""KPI definitions: data files, checked when they are loaded, identified by the hash of what affects the number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct

from cityhub.kpi.definition_check import read_definition
from cityhub.kpi.definition_form import Responsible, Target
from cityhub.kpi.errors import DefinitionError, UnknownKpi
from cityhub.kpi.fields import FIELDS, ActionField
from cityhub.kpi.kernel.expression import Expression
from cityhub.kpi.kernel.expression_problems import Problems
from cityhub.kpi.kernel.measure import Measure, Named, is_layered, meaning_of
from cityhub.kpi.kernel.windows import Grain
from cityhub.kpi.values import WindowKind
from cityhub.sdk import plain_yaml
from cityhub.sdk.contract import Contract, Contracts, load_contracts
from cityhub.sdk.text import Text

__all__ = ["Catalogue", "KpiDefinition", "Responsible", "Source", "Target", "load_catalogue", "parse_definition"]
ENGINE_MEANING = 2
"""Version of what definitions mean. It grows when the same definition would give other numbers."""


class Source(Struct, frozen=True):
    """One event type a KPI reads. Where its events come from, and how late, stands in the contract."""

    type: str
    contract: Contract

    @property
    def topic(self) -> str:
        return self.contract.topic

    @property
    def cadence_s(self) -> int:
        return self.contract.cadence_s

    @property
    def lateness_s(self) -> int:
        return self.contract.lateness_s

    @property
    def horizon_s(self) -> int:
        return self.contract.horizon_s


class KpiDefinition(Struct, frozen=True, kw_only=True):
    """One KPI, checked. Units are UCUM; `direction` says which way is good.

    Attributes:
        dimensions: name → source → term; an unknown term is shown as "".
        beside: values shown next to the main one.
        reference: standards and papers the KPI leans on.
    """

    id: str
    version: int
    field: str
    name: Text
    sentence: Text
    question: Text
    formula: Text
    owner: str
    audience: Literal["public", "city", "owner"]
    unit: str
    direction: Literal["up", "down", "band"]
    grain: Grain
    windows: tuple[WindowKind, ...]
    default_window: WindowKind
    scopes: tuple[str, ...]
    sources: dict[str, Source]
    measure: Measure
    dimensions: dict[str, dict[str, Expression]] = {}
    beside: dict[str, Named] = {}
    target: Target | None = None
    responsible: Responsible | None = None
    reference: tuple[str, ...] = ()

    @property
    def meaning(self) -> dict[str, Any]:
        """Everything that affects the number, JSON-able; names, sentences and targets do not."""
        return {
            "engine": ENGINE_MEANING,
            "id": self.id,
            "grain": self.grain.value,
            "sources": {name: source.type for name, source in self.sources.items()},
            "dimensions": meaning_of(self.dimensions),
            "scopes": sorted(self.scopes),
            "windows": sorted(self.windows) if is_layered(self.measure) else [],
            "unit": self.unit,
            "measure": meaning_of(self.measure),
            "beside": {name: [meaning_of(named.measure), named.unit] for name, named in self.beside.items()},
        }

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the meaning."""
        return hashlib.sha256(msgspec.json.encode(self.meaning, order="deterministic")).hexdigest()

    @property
    def lateness_s(self) -> int:
        """The longest lateness among the sources: a window settles that long after its end."""
        return max(source.lateness_s for source in self.sources.values())


class Catalogue:
    """All KPI definitions of the hub, by id, and the contracts they were checked against (default: the hub's own)."""

    def __init__(self, definitions: Mapping[str, KpiDefinition], contracts: Contracts | None = None) -> None:
        self.contracts = load_contracts() if contracts is None else contracts
        self._by_id = dict(sorted(definitions.items()))
        self.fields: tuple[ActionField, ...] = FIELDS

    def __iter__(self) -> Iterator[KpiDefinition]:
        return iter(self._by_id.values())

    def __getitem__(self, kpi_id: str) -> KpiDefinition:
        try:
            return self._by_id[kpi_id]
        except KeyError:
            raise UnknownKpi(f"no KPI {kpi_id!r}; known: {', '.join(self._by_id)}") from None

    def of_field(self, field_id: str) -> tuple[KpiDefinition, ...]:
        """Definitions of one action field, in id order."""
        return tuple(definition for definition in self if definition.field == field_id)


def load_catalogue(folder: Traversable | None = None, contracts: Contracts | None = None) -> Catalogue:
    """Load every definition under `folder` (default: the hub's own), `<field>/<id>.yaml`.

    Args:
        contracts: what the sources emit (default: the hub's own).

    Raises:
        DefinitionError: every fault of every file, each with file, place, value and remedy.
    """
    root = folder or files("cityhub.kpi").joinpath("definitions")
    contracts = load_contracts() if contracts is None else contracts
    found: dict[str, KpiDefinition] = {}
    faults: list[str] = []
    for directory in sorted(root.iterdir(), key=lambda entry: entry.name):
        for file in sorted(directory.iterdir(), key=lambda entry: entry.name):
            where = f"{directory.name}/{file.name}"
            try:
                definition = parse_definition(file.read_text("utf-8"), where, contracts)
            except DefinitionError as error:
                faults.append(str(error))
                continue
            if definition.id in found:
                faults.append(f"{where}: id: {definition.id} exists twice; give one a new id")
            found[definition.id] = definition
    if faults:
        raise DefinitionError("\n".join(faults))
    return Catalogue(found, contracts)


def parse_definition(text: str, where: str, contracts: Contracts | None = None) -> KpiDefinition:
    """Read and check one definition.

    Args:
        where: file name for messages.
        contracts: what the sources emit (default: the hub's own).

    Raises:
        DefinitionError: every fault at once, a line each, with file, place, value and remedy.
    """
    try:
        tree = plain_yaml.load(text)
    except yaml.YAMLError as error:
        remedy = "; put values that start with @ in quotation marks" if "'@'" in str(error) else ""
        raise DefinitionError(f"{where}: not readable as YAML: {error}{remedy}") from error
    try:
        form, parts = read_definition(tree, load_contracts() if contracts is None else contracts)
    except Problems as problems:
        lines = (f"{where}: {path}: {text}" if path else f"{where}: {text}" for path, text in problems.found)
        raise DefinitionError("\n".join(dict.fromkeys(lines))) from problems
    attributes = {name: getattr(form, name) for name in form.__struct_fields__}
    sources = {name: Source(contract.type, contract) for name, contract in parts.contracts.items()}
    checked = {"sources": sources, "measure": parts.measure, "dimensions": parts.dimensions, "beside": parts.beside}
    return KpiDefinition(**{**attributes, **checked})
