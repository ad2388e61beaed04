"""Pairs as they are written in YAML: entities of different owners that are near each other at overlapping times."""

from __future__ import annotations

from functools import partial
from typing import Any

from cityhub.kpi.definition_form import PairsForm, read_form
from cityhub.kpi.definition_parts import Parts
from cityhub.kpi.definition_term import DAYS, instant, name_of, number, same_measure, zero_or_one
from cityhub.kpi.definition_unit import COUNT, Wanted
from cityhub.kpi.kernel.expression import Expression, parse_term
from cityhub.kpi.kernel.expression_literal import LARGEST
from cityhub.kpi.kernel.expression_problems import Gathering, every, refuse, shown
from cityhub.kpi.kernel.expression_unit import parse_unit
from cityhub.kpi.kernel.measure import Pairs, Site
from cityhub.sdk.contract import Contract

FARTHEST_M = 5_000
_BOUNDS = {"latitude": (51, 52), "longitude": (6, 8)}
"""Degrees in which the fixed scale of Duisburg measures distances to 1.3 %."""
_TWO = 2


def read_pairs(parts: Parts, tree: Any, unit: str) -> Pairs:
    """Read the pairs whose number is to come in `unit`."""
    form, gathering = read_form(tree, PairsForm), Gathering()
    within_m = gathering.read("within_m", partial(_distance, form.within_m))
    at = gathering.read("at", partial(_two, form.at, "position; write [$latitude, $longitude]"))
    overlap = gathering.read("overlap", partial(_two, form.overlap, "period; write [$valid_from, $valid_to]"))
    names = gathering.read("of", partial(parts.sources, form.of))
    gathering.settle()
    _different([parts.contract(name) for name in names])
    sites = tuple(every(("", partial(_site, parts, name, form, at, overlap)) for name in names))
    for key in ("entity", "owner"):
        _alike("differ" if key == "owner" else key, [(site.part.source, getattr(site, key)) for site in sites])
    every([("at", partial(same_measure, [term for site in sites for term in (site.latitude, site.longitude)]))])
    _prove_fit([parts.contract(site.part.source) for site in sites])
    return Pairs(sites, within_m, Wanted(unit, form.times).factor(COUNT))


def _site(parts: Parts, source: str, form: PairsForm, at: list[Any], overlap: list[Any]) -> Site:
    """What the events of one source say."""
    contract, gathering = parts.uncorrectable(source, "pairs"), Gathering()
    part = gathering.read("", partial(parts.part, source, form.where))
    entity = gathering.read("entity", partial(name_of, form.entity, contract))
    owner = gathering.read("differ", partial(name_of, form.differ, contract))
    latitude, longitude = (
        gathering.read(f"at[{place}]", partial(_degrees, name, at[place], contract))
        for place, name in enumerate(_BOUNDS)
    )
    begin, end = (gathering.read(f"overlap[{place}]", partial(instant, overlap[place], contract)) for place in (0, 1))
    reader = partial(parse_term, 1) if form.holds is None else partial(zero_or_one, form.holds)
    holds = gathering.read("holds", partial(reader, contract))
    until = None if form.until is None else gathering.read("until", partial(instant, form.until, contract))
    gathering.settle()
    return Site(part, entity, owner, latitude, longitude, begin, end, holds, until)


def _distance(written: Any) -> int:
    if isinstance(written, bool) or not isinstance(written, int) or not 1 <= written <= FARTHEST_M:
        raise refuse(f"{shown(written)} is no distance in whole metres; write a number from 1 to {FARTHEST_M}")
    return written


def _two(written: Any, what: str) -> list[Any]:
    if not isinstance(written, list) or len(written) != _TWO:
        raise refuse(f"{shown(written)} is no {what}")
    return written


def _degrees(name: str, tree: Any, contract: Contract) -> Expression:
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
    return term


def _different(contracts: list[Contract]) -> None:
    types = [contract.type for contract in contracts]
    for type_ in types:
        if types.count(type_) > 1:
            raise refuse(
                f"two sources are of type {type_}, so that each of its events would count twice; name one", "of"
            )


def _alike(key: str, terms: list[tuple[str, Expression]]) -> None:
    """What tells entities or owners apart is of one kind in all sources."""
    (first, one), *others = terms
    for source, other in others:
        if other.type.kind is not one.type.kind:
            raise refuse(
                f"{first} has {one.type.kind.value}, {source} has {other.type.kind.value}; all must be of one kind", key
            )


def _prove_fit(contracts: list[Contract]) -> None:
    """Every event can begin or end a pair with every other entity."""
    events = sum({contract.type: contract.events_per_day_at_most for contract in contracts}.values()) * DAYS
    if events * events > LARGEST:
        raise refuse(
            f"{events:.1e} events in {DAYS} days can have {float(events) ** 2:.1e} pairs, beyond the {LARGEST:.1e} of "
            "64 bits; narrow events_per_day_at_most in the contracts"
        )
