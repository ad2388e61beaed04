"""KPI definitions: data files, checked when they are loaded, identified by the hash of what affects the number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct

from cityhub.kpi.definition_check import read_definition
from cityhub.kpi.definition_files import faults_between
from cityhub.kpi.definition_form import Baseline, Responsible, Standard, Target
from cityhub.kpi.definition_people import smallest_group
from cityhub.kpi.errors import DefinitionError, UnknownKpi, VersionMissing
from cityhub.kpi.fields import FIELDS, ActionField
from cityhub.kpi.kernel.expression import Expression
from cityhub.kpi.kernel.expression_problems import Problems
from cityhub.kpi.kernel.measure import Measure, Named, is_layered, meaning_of
from cityhub.kpi.kernel.windows import Grain
from cityhub.kpi.values import WindowKind
from cityhub.sdk import plain_yaml
from cityhub.sdk.contract import Contract, Contracts, load_contracts
from cityhub.sdk.text import Text

__all__ = [
    "Baseline",
    "Catalogue",
    "KpiDefinition",
    "Responsible",
    "Source",
    "Standard",
    "Target",
    "load_catalogue",
    "parse_definition",
]
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


class KpiDefinition(Struct, frozen=True, kw_only=True, dict=True):
    """One KPI, checked. Units are UCUM; `direction` says which way is good.

    Attributes:
        dimensions: name → source → term; an unknown term is shown as "".
        beside: values shown next to the main one.
        reference: standards and papers the KPI leans on.
        value_of: the KPI that this is a further value of, with a measure of its own; None = a KPI by itself.
        stability: an experimental one may change its meaning with little notice.
        baseline: published figures to compare with.
        minimum_group: smallest group of people that is shown; None = no source tells of people.
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
    reference: tuple[Standard, ...] = ()
    value_of: str | None = None
    stability: Literal["stable", "experimental"] = "stable"
    baseline: tuple[Baseline, ...] = ()
    minimum_group: int | None = None

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

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of the meaning, which goes with every published value."""
        return hashlib.sha256(msgspec.json.encode(self.meaning, order="deterministic")).hexdigest()

    @property
    def topics(self) -> dict[str, str]:
        """Event types that it reads, with their topics; denominators are not among them."""
        return {source.type: source.topic for source in self.sources.values()}

    @property
    def lateness_s(self) -> int:
        """The longest lateness among the sources: a window settles that long after its end."""
        return max(source.lateness_s for source in self.sources.values())

    @property
    def patience_s(self) -> int:
        """How long a window that is delivered after its end waits for the rest of it.

        A number about people shows nothing before it settles, and later what moves it by more than its smallest group:
        it need not wait as long as others.
        """
        return self.lateness_s if self.minimum_group is None else min(self.lateness_s, 900)


class Catalogue:
    """All KPI definitions of the hub and the contracts they were checked against.

    Args:
        definitions: by id, the version that is meant where none is named.
        contracts: default: the hub's own.
        others: further versions of these KPIs.
    """

    def __init__(
        self,
        definitions: Mapping[str, KpiDefinition],
        contracts: Contracts | None = None,
        others: Iterable[KpiDefinition] = (),
    ) -> None:
        self.contracts = load_contracts() if contracts is None else contracts
        self._by_id = dict(sorted(definitions.items()))
        self._versions: dict[str, dict[int, KpiDefinition]] = {}
        for one in sorted([*others, *self], key=lambda one: one.version):
            self._versions.setdefault(one.id, {})[one.version] = one
        self.fields: tuple[ActionField, ...] = FIELDS

    def __iter__(self) -> Iterator[KpiDefinition]:
        return iter(self._by_id.values())

    def __getitem__(self, kpi_id: str) -> KpiDefinition:
        try:
            return self._by_id[kpi_id]
        except KeyError:
            raise UnknownKpi(f"no KPI {kpi_id!r}; known: {', '.join(self._by_id)}") from None

    def main(self) -> tuple[KpiDefinition, ...]:
        """The KPIs by themselves, in id order, without the further values of others."""
        return tuple(one for one in self if one.value_of is None)

    def values_of(self, kpi_id: str) -> tuple[KpiDefinition, ...]:
        """Further values of a KPI, in id order."""
        return tuple(one for one in self if one.value_of == kpi_id)

    def of_field(self, field_id: str) -> tuple[KpiDefinition, ...]:
        """KPIs of one action field, in id order."""
        return tuple(one for one in self.main() if one.field == field_id)

    def versions(self, kpi_id: str) -> tuple[KpiDefinition, ...]:
        """All versions of a KPI, ascending.

        Raises:
            UnknownKpi: no such KPI.
        """
        return tuple(self._versions[self[kpi_id].id].values())

    def version(self, kpi_id: str, number: int) -> KpiDefinition:
        """One version of a KPI.

        Raises:
            UnknownKpi: no such KPI, or no such version of it.
        """
        for one in (known := self.versions(kpi_id)):
            if one.version == number:
                return one
        numbers = ", ".join(str(one.version) for one in known)
        raise UnknownKpi(f"no version {number} of {kpi_id}; known: {numbers}")

    def choosing(self, versions: Mapping[str, int]) -> Catalogue:
        """The same catalogue, meaning other versions; KPIs that it does not know are passed over.

        Raises:
            VersionMissing: a chosen version has no file; never is another one taken for it.
        """
        chosen = {kpi: self._by_id[kpi] for kpi in self._by_id}
        for kpi in self._by_id.keys() & versions.keys():
            try:
                chosen[kpi] = self.version(kpi, versions[kpi])
            except UnknownKpi as error:
                raise VersionMissing(
                    f"the store counts {kpi} by version {versions[kpi]}, but there is {error}. Put the file "
                    f"{chosen[kpi].field}/{kpi}.v{versions[kpi]}.yaml back: no other version may take its place"
                ) from None
        every = [one for known in self._versions.values() for one in known.values()]
        return Catalogue(chosen, self.contracts, every)


def load_catalogue(folder: Traversable | None = None, contracts: Contracts | None = None) -> Catalogue:
    """Load every definition under `folder` (default: the hub's own, once per process); the highest version is meant.

    A file is called `<field>/<id>.yaml` or, to keep several versions, `<field>/<id>.v<version>.yaml`.

    Args:
        contracts: what the sources emit (default: the hub's own).

    Raises:
        DefinitionError: every fault of every file, each with file, place, value and remedy.
    """
    if folder is None and contracts is None:
        return _shipped()
    contracts = load_contracts() if contracts is None else contracts
    found: dict[str, KpiDefinition] = {}
    faults: list[str] = []
    for where, text in definition_files(folder):
        try:
            found[where] = parse_definition(text, where, contracts)
        except DefinitionError as error:
            faults.append(str(error))
    faults += faults_between(found)
    if faults:
        raise DefinitionError("\n".join(faults))
    highest = {one.id: one for one in sorted(found.values(), key=lambda one: one.version)}
    return Catalogue(highest, contracts, found.values())


@cache
def _shipped() -> Catalogue:
    return load_catalogue(contracts=load_contracts())


def definition_files(folder: Traversable | None = None) -> Iterator[tuple[str, str]]:
    """Name, `<field>/<file>`, and text of every definition under `folder` (default: the hub's own)."""
    root = folder or files("cityhub.kpi").joinpath("definitions")
    for directory in sorted(root.iterdir(), key=lambda entry: entry.name):
        for file in sorted(directory.iterdir(), key=lambda entry: entry.name):
            yield f"{directory.name}/{file.name}", file.read_text("utf-8")


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
    attributes["reference"] = tuple(Standard(text=one) if isinstance(one, str) else one for one in form.reference)
    attributes["minimum_group"] = form.minimum_group or smallest_group(parts.contracts.values())
    checked = {"sources": sources, "measure": parts.measure, "dimensions": parts.dimensions, "beside": parts.beside}
    return KpiDefinition(**{**attributes, **checked})
