"""Pairs as they are written in YAML: entities of different owners that are near each other at overlapping times."""

from __future__ import annotations

from functools import partial
from typing import Any

from cityhub.kpi.definition_entity import entity_sources
from cityhub.kpi.definition_form import PairsForm, read_form
from cityhub.kpi.definition_parts import Parts
from cityhub.kpi.definition_term import DAYS, Names, Numbers, instant, number, zero_or_one
from cityhub.kpi.definition_unit import COUNT, Wanted
from cityhub.kpi.kernel.expression import Expression
from cityhub.kpi.kernel.expression_literal import LARGEST
from cityhub.kpi.kernel.expression_problems import Gathering, refuse, shown
from cityhub.kpi.kernel.expression_unit import parse_unit
from cityhub.kpi.kernel.measure import Pairs, Site
from cityhub.sdk.contract import Contract

FARTHEST_M = 5_000
_BOUNDS = {"latitude": (51, 52), "longitude": (6, 8)}
"""Degrees in which the fixed scale of Duisburg measures distances to 1.3 %."""
_TWO = 2


def read_pairs(parts: Parts, tree: Any, unit: str) -> Pairs:
    """Read the pairs whose number is to come in `unit`; every term is written once or per source."""
    form, gathering = read_form(tree, PairsForm), Gathering()
    within_m = gathering.read("within_m", partial(_distance, form.within_m))
    at = gathering.read("at", partial(_two, form.at, "position; write [$latitude, $longitude]"))
    overlap = gathering.read("overlap", partial(_two, form.overlap, "period; write [$valid_from, $valid_to]"))
    gathering.settle()
    names = entity_sources(parts, form.of, "pairs")
    read, degrees = gathering.read("", partial(parts.read, names, form.where)), Numbers()
    each = [
        gathering.read(path, partial(parts.each, written, names, reader))
        for path, written, reader in (
            ("entity", form.entity, Names()),
            ("differ", form.differ, Names()),
            ("at[0]", at[0], partial(_degrees, "latitude", degrees)),
            ("at[1]", at[1], partial(_degrees, "longitude", degrees)),
            ("overlap[0]", overlap[0], instant),
            ("overlap[1]", overlap[1], instant),
            ("holds", True if form.holds is None else form.holds, zero_or_one),
        )
    ]
    until = gathering.read("until", partial(parts.optional, form.until, names, instant))
    gathering.settle()
    _prove_fit([parts.contract(name) for name in names])
    sites = []
    for part in read:
        entity, owner, latitude, longitude, begin, end, holds = (terms[part.source] for terms in each)
        sites.append(Site(part, entity, owner, latitude, longitude, begin, end, holds, until[part.source]))
    return Pairs(tuple(sites), within_m, Wanted(unit, form.times).factor(COUNT))


def _distance(written: Any) -> int:
    if isinstance(written, bool) or not isinstance(written, int) or not 1 <= written <= FARTHEST_M:
        raise refuse(f"{shown(written)} is no distance in whole metres; write a number from 1 to {FARTHEST_M}")
    return written


def _two(written: Any, what: str) -> list[Any]:
    if not isinstance(written, list) or len(written) != _TWO:
        raise refuse(f"{shown(written)} is no {what}")
    return written


def _degrees(name: str, numbers: Numbers, tree: Any, contract: Contract) -> Expression:
    term, (low, high) = number(tree, contract), _BOUNDS[name]
    kind = term.type
    if parse_unit(kind.unit) != parse_unit("deg"):
        raise refuse(f"{shown(tree)} has the unit {kind.unit}; a {name} is a number with the unit deg in its contract")
    power = 10**kind.scale
    if kind.low is None or kind.high is None or kind.low < low * power or kind.high > high * power:
        raise refuse(
            f"{shown(tree)} may lie outside {low} to {high}; distances are right near Duisburg only: give the "
            f"{name} min and max between them in the contract of {contract.type}"
        )
    return numbers(tree, contract)


def _prove_fit(contracts: list[Contract]) -> None:
    """Every event can begin or end a pair with every other entity."""
    events = sum({contract.type: contract.events_per_day_at_most for contract in contracts}.values()) * DAYS
    if events * events > LARGEST:
        raise refuse(
            f"{events:.1e} events in {DAYS} days can have {float(events) ** 2:.1e} pairs, beyond the {LARGEST:.1e} of "
            "64 bits; narrow events_per_day_at_most in the contracts"
        )
