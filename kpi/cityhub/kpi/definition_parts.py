"""Parts of a definition read against its contracts: sources, dimensions, and what several measures share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

from cityhub.kpi.definition_form import ReferenceForm, read_form
from cityhub.kpi.kernel.expression import Expression, Kind, parse_predicate, parse_term
from cityhub.kpi.kernel.expression_literal import is_literal
from cityhub.kpi.kernel.expression_problems import Gathering, Problems, every, near, refuse, shown
from cityhub.kpi.kernel.expression_type import NAMES
from cityhub.kpi.kernel.measure import Part, Reference
from cityhub.sdk.contract import Contract

Reader: TypeAlias = Callable[[Any, Contract], Expression]
"""Reads a term or predicate against a contract."""


class Parts:
    """Reads parts of one definition.

    Args:
        contracts: by source name; None = the source has a fault of its own, and what needs it is not read.
    """

    def __init__(self, contracts: Mapping[str, Contract | None]) -> None:
        self._contracts = contracts
        self.used: set[str] = set()

    def contract(self, source: str) -> Contract:
        """The contract behind a source's name."""
        if source not in self._contracts:
            raise refuse(f"{shown(source)} is not a source; {near(str(source), self._contracts)}")
        self.used.add(source)
        contract = self._contracts[source]
        if contract is None:
            raise Problems()
        return contract

    def sources(self, of: Any) -> list[str]:
        """`departed` or `[served, no_show]` → source names."""
        names = of if isinstance(of, list) else [of]
        if not names or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
            raise refuse(f"{shown(of)} names no sources; write one name, or a list of different ones")
        every(("", partial(self.contract, name)) for name in names)
        return list(names)

    def read(self, of: Any, where: Any, value: Any = None, reader: Reader = parse_term) -> tuple[Part, ...]:
        """One part per source; the predicate and value are read against the contract of each."""
        sources, gathering = self.sources(of), Gathering()
        wheres = gathering.read("where", partial(self.optional, where, sources, parse_predicate))
        values = gathering.read("value", partial(self.optional, value, sources, reader))
        gathering.settle()
        return tuple(Part(source, wheres[source], values[source]) for source in sources)

    def each(self, tree: Any, sources: Sequence[str], reader: Reader) -> dict[str, Expression]:
        """Read what is written once for all sources, or `{installed: …, removed: …}`, against the contract of each.

        Literals come last, so that a reader knows what stands beside them.
        """
        apart = len(sources) > 1 and isinstance(tree, dict) and bool(set(tree) & set(sources))
        given, gathering = tree if apart else dict.fromkeys(sources, tree), Gathering()
        for source in given:
            if source not in sources:
                gathering.add("", f"{source} is none of {', '.join(sources)}; leave it out")
        read = {}
        for source in sorted(sources, key=lambda name: is_literal(given.get(name))):
            if source not in given:
                gathering.add("", f"is missing for {source}; write it beside the others: {{{source}: …}}")
                continue
            contract = self.contract(source)
            read[source] = gathering.read(source if apart else "", partial(reader, given[source], contract))
        gathering.settle()
        return {source: read[source] for source in sources}

    def optional(self, tree: Any, sources: Sequence[str], reader: Reader) -> Mapping[str, Expression | None]:
        """As `each`, of what may be left out."""
        return dict.fromkeys(sources) if tree is None else self.each(tree, sources, reader)

    def entities(self, of: Any, measure: str) -> list[str]:
        """The sources that a measure over entities may read."""
        sources = self.sources(of)
        for contract in every(("", partial(self.contract, source)) for source in sources):
            if contract.correctable is not None:
                raise refuse(
                    f"{contract.type} is correctable, and {measure} cannot take a version back; use count, sum, ratio "
                    "or quantile, or a source whose contract is not correctable"
                )
        return sources

    def dimensions(self, tree: Any) -> dict[str, dict[str, Expression]]:
        """`[line]`, `{line: $line}` or `{line: {departed: $line, cancelled: $route}}` → term per source."""
        listed = isinstance(tree, list) and all(isinstance(name, str) for name in tree)
        named = {name: f"${name}" for name in tree} if listed else tree
        if not isinstance(named, dict) or not all(isinstance(name, str) for name in named):
            raise refuse(f"{shown(tree)} is neither a list of fields nor a mapping; write [line] or {{line: $line}}")
        names = sorted(named)  # the file's order must not matter
        read = every((name, partial(self._dimension, named[name])) for name in names)
        return dict(zip(names, read, strict=True))

    def _dimension(self, terms: Any) -> dict[str, Expression]:
        by_source = isinstance(terms, dict) and bool(set(terms) & set(self._contracts))
        given = terms if by_source else dict.fromkeys(self._contracts, terms)
        if set(given) != set(self._contracts):
            raise refuse(f"names {', '.join(map(str, given))}; it must name each of {', '.join(self._contracts)}")
        # names of the sources, such as their owners; one literal among fields is a field without its $
        names = by_source and all(map(is_literal, given.values())) and len(set(map(str, given.values()))) > 1
        read = every(
            (source, partial(self._dimension_term, source, term, names=names)) for source, term in given.items()
        )
        return dict(zip(given, read, strict=True))

    def _dimension_term(self, source: str, tree: Any, *, names: bool) -> Expression:
        if is_literal(tree) and not names:
            raise refuse(f"{tree!r} must name a data field, such as $line")
        contract = self._contracts[source]
        if contract is None:
            raise Problems()
        term = parse_term(tree, contract)
        if term.type.personal:
            raise refuse(f"{shown(tree)} is personal data and never a dimension; use a field that names no person")
        if term.type.kind in (Kind.INSTANT, Kind.DURATION) or term.type.scale:
            raise refuse(
                f"{shown(tree)} is {NAMES[term.type.kind]}; a dimension is a text, a whole number or true/false"
            )
        if term.type.distinct_at_most is None:
            raise refuse(
                f"{shown(tree)} can have any number of values; bound it in the contract of {contract.type} "
                "(values or distinct_at_most; min and max of a number)"
            )
        return term


def only_verb(tree: Any, verbs: tuple[str, ...]) -> str:
    """The one key of a measure that says what it is."""
    found = [key for key in tree if key in verbs] if isinstance(tree, dict) else []
    if len(found) == 1:
        return str(found[0])
    first = str(next(iter(tree), "")) if isinstance(tree, dict) else ""
    raise refuse(f"{shown(tree)} does not name one measure; {near(first, verbs)}")


def reference_of(tree: Any) -> Reference:
    """`{reference: population}`, with the unit of what it counts where that is not 1, and the dimension it is `by`."""
    form = read_form(tree, ReferenceForm)
    if not form.reference.replace("_", "").isalnum():
        raise refuse(f"{form.reference!r} is no name of a reference; write letters, digits and _", "reference")
    return Reference(form.reference, form.unit, form.by)


def levels(at: Any) -> tuple[Fraction, ...]:
    """`[0.5, 0.9]` → exact fractions; the first is the KPI's value."""
    written = at if isinstance(at, list) else [at]
    try:
        found = tuple(Fraction(str(level)) for level in written)
    except (ValueError, ZeroDivisionError):
        found = ()
    if not found or len(set(found)) < len(found) or not all(0 < level < 1 for level in found):
        raise refuse(f"{shown(at)} is no list of different numbers between 0 and 1; write [0.5, 0.9]")
    return found
