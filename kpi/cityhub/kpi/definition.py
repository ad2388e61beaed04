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

from cityhub.kpi.errors import DefinitionError, UnknownKpi
from cityhub.kpi.fields import FIELDS, ActionField, Text
from cityhub.kpi.kernel.predicate import Predicate, parse_predicate
from cityhub.kpi.values import WindowKind

ENGINE_MEANING = 1
"""Version of what definitions mean. It grows when the same definition would give other numbers."""


MAX_TERMS = 4
"""Counts a bucket holds: numerator, denominator and two beside."""


class SourceSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event type a KPI reads. `cadence` and `lateness` are durations such as `30s`, `10min`, `6h`, `2d`."""

    type: str
    topic: str
    cadence: str
    lateness: str

    @property
    def lateness_s(self) -> int:
        return seconds(self.lateness)

    @property
    def cadence_s(self) -> int:
        return seconds(self.cadence)


class CountTerm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of events of a source that fulfil a predicate."""

    count: str
    where: Any = None
    name: Text | None = None

    @property
    def meaning(self) -> list[Any]:
        """What affects the number; the name does not."""
        return [self.count, self.where]

    def predicate(self) -> Predicate:
        return parse_predicate(self.where)


class Ratio(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`times` · of ÷ over."""

    of: CountTerm
    over: CountTerm
    times: int = 1


class Measure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the value is made. Closed set; the ratio is the first of its classes."""

    ratio: Ratio


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dated goal with its source; never invented."""

    value: float
    source: str
    since: str


class KpiDefinition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One KPI as data. Units are UCUM; `direction` says which way is good."""

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
    grain: Literal["1h"]
    windows: tuple[WindowKind, ...]
    default_window: WindowKind
    scopes: tuple[str, ...]
    sources: dict[str, SourceSpec]
    measure: Measure
    dimensions: dict[str, dict[str, str]] = {}
    beside: dict[str, CountTerm] = {}
    target: Target | None = None
    reference: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of everything that affects the number; names, sentences and targets do not."""
        meaning = {
            "engine": ENGINE_MEANING,
            "id": self.id,
            "grain": self.grain,
            "sources": {name: source.type for name, source in self.sources.items()},
            "dimensions": self.dimensions,
            "scopes": sorted(self.scopes),
            "unit": self.unit,
            "measure": ["ratio", *(term.meaning for term in self.terms[:2]), self.measure.ratio.times],
            "beside": {name: term.meaning for name, term in self.beside.items()},
        }
        return hashlib.sha256(msgspec.json.encode(meaning, order="deterministic")).hexdigest()

    @property
    def terms(self) -> tuple[CountTerm, ...]:
        """What each bucket counts: numerator, denominator, then the counts shown beside."""
        return (self.measure.ratio.of, self.measure.ratio.over, *self.beside.values())

    @property
    def lateness_s(self) -> int:
        """The longest lateness among the sources: a window settles that long after its end."""
        return max(source.lateness_s for source in self.sources.values())


class Catalogue:
    """All KPI definitions of the hub, by id."""

    def __init__(self, definitions: Mapping[str, KpiDefinition]) -> None:
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


def load_catalogue(folder: Traversable | None = None) -> Catalogue:
    """Load every definition under `folder` (default: the hub's own), `<field>/<id>.yaml`.

    Raises:
        DefinitionError: names file, place, value and remedy.
    """
    root = folder or files("cityhub.kpi").joinpath("definitions")
    found: dict[str, KpiDefinition] = {}
    for directory in sorted(root.iterdir(), key=lambda entry: entry.name):
        for file in sorted(directory.iterdir(), key=lambda entry: entry.name):
            definition = parse_definition(file.read_text("utf-8"), f"{directory.name}/{file.name}")
            if definition.id in found:
                raise DefinitionError(
                    f"{directory.name}/{file.name}: id {definition.id} exists twice; give one a new id"
                )
            found[definition.id] = definition
    return Catalogue(found)


def parse_definition(text: str, where: str) -> KpiDefinition:
    """Read and check one definition.

    Args:
        where: file name for messages.
    """
    try:
        definition = msgspec.convert(yaml.safe_load(text), KpiDefinition)
    except yaml.YAMLError as error:
        raise DefinitionError(f"{where}: not readable as YAML: {error}") from error
    except msgspec.ValidationError as error:
        raise DefinitionError(f"{where}: {error}") from error
    try:
        problems = list(_problems(definition))
    except DefinitionError as error:
        raise DefinitionError(f"{where}: {error}") from error
    if problems:
        raise DefinitionError(f"{where}: {'; '.join(problems)}")
    return definition


_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


def seconds(duration: str) -> int:
    """`30s`, `10min`, `6h`, `2d` → seconds."""
    number = duration.rstrip("smindh")
    unit = duration[len(number) :]
    if not number.isascii() or not number.isdigit() or unit not in _UNITS:
        raise DefinitionError(f"duration {duration!r} is not a whole number with s, min, h or d, such as 30s or 10min")
    return int(number) * _UNITS[unit]


def _problems(definition: KpiDefinition) -> Iterator[str]:
    known = {field.id for field in FIELDS} | {"platform"}
    if definition.field not in known:
        yield f"field {definition.field!r} is not an action field; use one of {', '.join(sorted(known))}"
    if definition.default_window not in definition.windows:
        yield f"default_window {definition.default_window} is not among windows {list(definition.windows)}"
    if len(definition.terms) > MAX_TERMS:
        yield f"beside: {len(definition.beside)} counts are too many; at most {MAX_TERMS - 2} are allowed"
    for source in definition.sources.values():
        seconds(source.lateness)
        seconds(source.cadence)
    for term in definition.terms:
        term.predicate()
    yield from _unknown_names(definition)


def _unknown_names(definition: KpiDefinition) -> Iterator[str]:
    names = ", ".join(definition.sources)
    for term in definition.terms:
        if term.count not in definition.sources:
            yield f"count: {term.count!r} is not a source; use one of {names}"
    for dimension, paths in definition.dimensions.items():
        if set(paths) != set(definition.sources):
            yield f"dimensions.{dimension}: names {', '.join(paths)}; it must name each of {names}"
        for source, path in paths.items():
            if not path.startswith("$"):
                yield f"dimensions.{dimension}.{source}: {path!r} must name a data field, such as $line"
