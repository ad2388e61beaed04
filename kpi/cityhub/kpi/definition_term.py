"""Terms in the roles that measures give them, and the proof that sums of them fit 64 bits."""

from __future__ import annotations

from typing import Any

from cityhub.kpi.kernel.expression import Expression, Kind, Type, parse_predicate, parse_term
from cityhub.kpi.kernel.expression_literal import LARGEST, is_literal
from cityhub.kpi.kernel.expression_problems import refuse, shown
from cityhub.kpi.kernel.expression_type import NAMES, NUMBERS
from cityhub.kpi.kernel.expression_unit import parse_unit
from cityhub.sdk.contract import Contract

DAYS = 400
"""Days over which sums are proved to fit: the longest window is a year."""


class Numbers:
    """Reads terms of several sources that are added up together; a literal takes unit and decimals of the others."""

    def __init__(self) -> None:
        self._beside: Type | None = None

    def __call__(self, tree: Any, contract: Contract) -> Expression:
        beside = self._beside if is_literal(tree) else None
        if beside is not None and beside.scale and isinstance(tree, int | float):
            tree = {"scaled": [tree, beside.scale]}
        term = number(tree, contract, beside)
        if self._beside is None:
            self._beside = term.type
        if (parse_unit(term.type.unit), term.type.scale) != (parse_unit(self._beside.unit), self._beside.scale):
            raise refuse(
                f"the sources give {self._beside.unit} with {self._beside.scale} and {term.type.unit} with "
                f"{term.type.scale} decimals; all must have one unit and scale"
            )
        return term


def number(tree: Any, contract: Contract, beside: Type | None = None) -> Expression:
    """A term that can be added up.

    Args:
        beside: what a literal is added to.
    """
    term = parse_term(tree, contract, beside=beside)
    if term.type.kind not in NUMBERS:
        raise refuse(f"{shown(tree)} is {NAMES[term.type.kind]}; use a number or a duration")
    return term


def for_bins(tree: Any, contract: Contract) -> Expression:
    """A term that fits a histogram. A negative duration, such as a booking after its slot, is unknown."""
    term = number(tree, contract)
    if term.type.kind is Kind.DURATION and not (term.type.low is not None and term.type.low >= 0):
        return number({"unless_negative": tree}, contract)
    if term.type.low is None:
        raise refuse(
            f"{shown(tree)} has no bounds, and bins hold ±2^62; give the fields min and max in the contract of "
            f"{contract.type}, or bound the term with max and min"
        )
    return term


def name_of(tree: Any, contract: Contract) -> Expression:
    """A term that tells entities apart: a text or a whole number."""
    term = parse_term(tree, contract)
    if is_literal(tree) or term.type.kind not in (Kind.TEXT, Kind.INTEGER) or term.type.scale:
        raise refuse(
            f"{shown(tree)} does not tell entities apart; use '@subject' or a field with an id, such as $case_id"
        )
    return term


class Names:
    """Reads what tells entities apart in several sources: terms of one kind."""

    def __init__(self) -> None:
        self._first: Expression | None = None

    def __call__(self, tree: Any, contract: Contract) -> Expression:
        term = name_of(tree, contract)
        self._first = self._first or term
        if term.type.kind is not self._first.type.kind:
            raise refuse(
                f"{shown(tree)} is {NAMES[term.type.kind]}, {shown(self._first.tree)} is {NAMES[self._first.type.kind]}"
                "; what tells entities or owners apart must be of one kind in all sources"
            )
        return term


def predicate(tree: Any, contract: Contract) -> Expression:
    """A predicate; true or false where all events of a source say the same."""
    return parse_term(tree, contract) if isinstance(tree, bool) else parse_predicate(tree, contract)


def zero_or_one(tree: Any, contract: Contract) -> Expression:
    """A predicate as a number: 1 where it is true, 0 where it is false."""
    if isinstance(tree, bool):
        return parse_term(int(tree), contract)
    parse_predicate(tree, contract)  # its faults with their own paths
    return parse_term({"if": [tree, 1, 0]}, contract)


def instant(tree: Any, contract: Contract) -> Expression:
    """A term that is an instant."""
    term = parse_term(tree, contract, beside=Type(kind=Kind.INSTANT))
    if term.type.kind is not Kind.INSTANT:
        raise refuse(f"{shown(tree)} is {NAMES[term.type.kind]}; use an instant, such as {{plus: ['@time', 30d]}}")
    return term


def prove_fit(values: list[tuple[Expression, Contract, int]]) -> None:
    """Prove that the sum of some values stays within 64 bits for as long as a window can be.

    Args:
        values: each with its contract and how often it is added a day at most.

    Raises:
        Problems: a value has no bounds, or they are too wide.
    """
    total = 0
    for value, contract, per_day in values:
        low, high = value.type.low, value.type.high
        if low is None or high is None:
            raise refuse(
                f"{shown(value.tree)} has no bounds, so its sum cannot be proved to fit 64 bits; give the fields min "
                f"and max in the contract of {contract.type}, or bound the term with max and min"
            )
        total += max(abs(low), abs(high)) * per_day * DAYS
    if total > LARGEST:
        value, contract, _ = values[0]
        raise refuse(
            f"the sum of {shown(value.tree)} over {DAYS} days can reach {total:.1e}, beyond the {LARGEST:.1e} of "
            f"64 bits; narrow min, max, subjects_at_most or events_per_day_at_most in the contract of {contract.type}"
        )
