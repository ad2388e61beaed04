"""Contracts: what the events of a type say, as data. See docs/contracts.md.

A contract types every field of an event's data, so that doors can refuse what does not fit, KPI definitions can be
checked before they run, and sums can be proved to fit 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal

import yaml
from msgspec import Struct

from cityhub.sdk import plain_yaml
from cityhub.sdk.contract_check import check, near, open_questions, shown
from cityhub.sdk.contract_rules import CONTRACT_RULES, FIELD_RULES
from cityhub.sdk.decimals import scaled
from cityhub.sdk.duration import seconds
from cityhub.sdk.errors import ContractError, UnknownContract
from cityhub.sdk.hours import Hours, hours
from cityhub.sdk.text import Text


class Field(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field of the data.

    Attributes:
        meaning: what the field says.
        unit: UCUM code of an integer or decimal.
        scale: decimals a decimal carries, 1 to 9; the engine's integer is value · 10^scale. 0 for every other type.
        min, max: inclusive bounds of the written value of an integer or decimal.
        values: the closed set of a text; empty = open.
        distinct_at_most: how many different values an open text can have; without it the text is no dimension.
        optional: the field may be missing or null, which means unknown.
        personal: personal data, never a dimension.
    """

    type: Literal["integer", "decimal", "text", "boolean", "instant"]
    meaning: Text
    unit: str = "1"
    scale: int = 0
    min: int | float | None = None
    max: int | float | None = None
    values: tuple[str, ...] = ()
    distinct_at_most: int | None = None
    optional: bool = False
    personal: bool = False

    @property
    def low(self) -> int | None:
        """`min` as the engine's integer."""
        return self._scaled(self.min)

    @property
    def high(self) -> int | None:
        """`max` as the engine's integer."""
        return self._scaled(self.max)

    def _scaled(self, bound: float | None) -> int | None:
        if bound is None:
            return None
        return scaled(bound, self.scale) if self.type == "decimal" else int(bound)


class Correctable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of each entity only the event with the highest version counts.

    Attributes:
        entity: what identifies it: `$field` or `@subject`, together.
        version: `$field`, an integer or an instant.
        retracted: `$field`, a boolean: true takes the entity back.
    """

    entity: tuple[str, ...]
    version: str
    retracted: str | None = None


class Contract(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contract of one event type.

    Attributes:
        owner: who answers for the stream, an organisation or a unit of it. purpose: what it is sent for, a sentence.
            Read without them, but `unsaid` asks for both.
        topic: `du.evt.<partner>.<stream>.v<major>`, of the type's partner.
        status: `retired` = still readable, but no new KPI may use it.
        key: what the partition key is made of, `@subject` or `$field`.
        subjects_at_most: how many different subjects there can be.
        cadence: how often news are expected. lateness: how long a window waits for them. horizon: how long ids are
            remembered, at least `lateness`; older events take the backfill lane.
        hours: in which news are expected, `mon-fri 08:00-18:00`; None = always.
        reporters: what sends these events one by one, in the plural, where each of them does so once per cadence, even
            when nothing has changed; each has a partition key of its own.
        events_per_day_at_most: bound with which sums are proved to fit.
    """

    type: str
    title: Text
    owner: str = ""
    purpose: Text | None = None
    topic: str
    status: Literal["active", "retired"] = "active"
    key: str = "@subject"
    subjects_at_most: int | None = None
    cadence: str
    lateness: str
    horizon: str
    hours: str | None = None
    reporters: Text | None = None
    correctable: Correctable | None = None
    events_per_day_at_most: int = 10_000_000
    fields: dict[str, Field]

    @property
    def partner(self) -> str:
        """The partner named by the type: the third part of `de.duisburg.<partner>.…`."""
        return self.type.split(".", 3)[2]

    @property
    def personal(self) -> bool:
        """Whether its events hold personal data."""
        return any(field.personal for field in self.fields.values())

    @property
    def cadence_s(self) -> int:
        return seconds(self.cadence)

    @property
    def promised(self) -> Hours | None:
        """The hours, read."""
        return None if self.hours is None else hours(self.hours)

    @property
    def lateness_s(self) -> int:
        return seconds(self.lateness)

    @property
    def horizon_s(self) -> int:
        return seconds(self.horizon)


class Contracts(Mapping[str, Contract]):
    """Contracts by event type, in its order; retired ones too."""

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self._by_type = {contract.type: contract for contract in sorted(contracts, key=lambda one: one.type)}

    def __getitem__(self, type_: str) -> Contract:
        try:
            return self._by_type[type_]
        except KeyError:
            raise UnknownContract(f"no contract for event type {shown(type_)}{near(type_, self._by_type)}") from None

    def __contains__(self, type_: object) -> bool:
        return type_ in self._by_type

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_type)

    def __len__(self) -> int:
        return len(self._by_type)

    def of_topic(self, topic: str) -> tuple[Contract, ...]:
        """Contracts of a topic's event types."""
        return tuple(contract for contract in self.values() if contract.topic == topic)


def load_contracts(folder: Traversable | None = None) -> Contracts:
    """Load every file under `folder`, `<partner>/<name>.v<major>.yaml`; the hub's own (the default) once per process.

    Raises:
        ContractError: every problem of every file, each with file, path, value and remedy.
    """
    return _shipped() if folder is None else _load(folder)


@cache
def _shipped() -> Contracts:
    return _load(files("cityhub.sdk").joinpath("contracts"))


def _load(folder: Traversable) -> Contracts:
    found: dict[str, tuple[str, Contract]] = {}
    problems: list[str] = []
    for where, file in _files(folder, ""):
        if not where.endswith(".yaml"):
            problems.append(f"{where}: is no .yaml file; rename it, or take it out of the folder")
            continue
        try:
            contract = parse_contract(_text(file, where), where)
        except ContractError as error:
            problems += error.problems
            continue
        if contract.type in found:
            first = found[contract.type][0]
            problems.append(f"{where}: type: {contract.type} stands in {first} too; delete one or raise its version")
        found[contract.type] = where, contract
    if problems:
        raise ContractError(*problems)
    return Contracts(contract for _, contract in found.values())


def parse_contract(text: str, where: str) -> Contract:
    """Read and check one contract.

    Args:
        where: file name for messages.

    Raises:
        ContractError: every problem at once, each with file, path, value and remedy.
    """
    try:
        tree = plain_yaml.load(text)
    except yaml.YAMLError as error:
        raise ContractError(f"{where}: not readable as YAML: {error}") from error
    fields, problems = _checked_fields(tree.get("fields") if isinstance(tree, dict) else None)
    contract, more = check(tree, Contract, CONTRACT_RULES, ready=fields and {"fields": fields})
    questions = dict(open_questions(tree))
    if contract is None or problems or questions:
        wrong = (problem for problem in (*more, *problems) if problem.partition(": ")[0] not in questions)
        asked = (f"{path}: {shown(text)} is an open question; answer it" for path, text in questions.items())
        raise ContractError(*(f"{where}: {problem}" for problem in (*wrong, *asked)))
    return contract


def unsaid(contract: Contract) -> list[str]:
    """What no reader needs, but people do; a line `<key>: missing; <remedy>` each."""
    asked = {
        "owner": "write which organisation or unit answers for the stream",
        "purpose": "write in a sentence what it is sent for, in both languages",
    }
    return [f"{key}: missing; {remedy}" for key, remedy in asked.items() if not getattr(contract, key)]


def _checked_fields(tree: Any) -> tuple[dict[str, Field | None] | None, list[str]]:
    """The fields by name, None where one has problems; None for all when there is no mapping of them."""
    if not isinstance(tree, dict):
        return None, []  # said by the check of the contract
    fields: dict[str, Field | None] = {}
    problems: list[str] = []
    for name, entry in tree.items():
        fields[str(name)], more = check(entry, Field, FIELD_RULES, f"fields.{name}.")
        problems += more
    return fields, problems


def _text(file: Traversable, where: str) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ContractError(f"{where}: not readable as UTF-8: {error}; save it as UTF-8") from error


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _files(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry
