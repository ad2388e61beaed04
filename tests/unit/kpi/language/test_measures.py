"""Every form of a measure: what it is read as, and the factor from integers to the KPI's unit."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from cityhub.kpi.kernel.expression import Kind, elapsed_function
from cityhub.kpi.kernel.measure import (
    Distinct,
    Join,
    Latest,
    Pairs,
    Quantile,
    Ratio,
    Reference,
    State,
    Term,
    Total,
    parts_of,
    slots_of,
)
from tests.unit.kpi.language.contracts import definition

HOUR_MS = 3_600_000
FULL = {"ge": ["$fill", 0.9]}
EVERY = {"of": "bins", "entity": "@subject"}


def of(kind: type[Any], measure: Any, unit: str, sources: str = "bins", **more: Any) -> Any:
    """The measure as it was read."""
    read = definition(measure, sources, unit=unit, **more).measure
    assert isinstance(read, kind)
    return read


def test_counts() -> None:
    count = of(Total, {"count": "bins", "where": FULL}, "1")
    assert count.of.parts[0].where.code == "_scaled(d.fill, 2) >= 90"
    assert (count.of.parts[0].value, count.times, slots_of(count)) == (None, 1, 1)
    several = of(Total, {"count": ["served", "missed"]}, "1", "served missed")
    assert [part.source for part in parts_of(several)] == ["served", "missed"]
    assert of(Total, {"count": "bins", "per_time": "hour"}, "/h").per_hour


def test_sums_carry_units_and_decimals_in_their_factor() -> None:
    energy = of(Total, {"sum": {"of": "bins", "value": "$energy", "per": {"reference": "lamps"}}}, "kW.h")
    assert (energy.times, energy.per) == (Fraction(1, 1000), Reference("lamps"))
    assert of(Total, {"sum": {"of": "bins", "value": "$energy", "times": 0.001}}, "kW.h").times == Fraction(1, 1000)
    assert of(Total, {"sum": {"of": "bins", "value": "$kg"}}, "t").times == Fraction(1, 10_000)
    minutes = {"product": ["$drift", "$km"]}
    assert of(Total, {"sum": {"of": "bins", "value": minutes}}, "s.km").times == 1
    by_hour = of(Total, {"sum": {"of": "bins", "value": "$energy", "per_time": "hour"}}, "W")
    assert (by_hour.times, by_hour.per_hour) == (1, True)


def test_ratios() -> None:
    share = of(Ratio, {"ratio": {"of": {"count": "bins", "where": FULL}, "over": {"count": "bins"}}}, "%")
    assert (share.times, share.complement, slots_of(share)) == (100, False, 2)
    dense = {"of": {"sum": {"of": "bins", "value": "$kg"}}, "over": {"sum": {"of": "bins", "value": "$km"}}}
    assert of(Ratio, {"ratio": dense}, "kg/km").times == Fraction(1, 10)
    mean = {"of": {"sum": {"of": "bins", "value": "$fill"}}, "over": {"count": "bins"}}
    assert of(Ratio, {"ratio": mean}, "%").times == 1
    saved = {
        "of": {"sum": {"of": "bins", "value": "$energy"}},
        "over": {"reference": "baseline", "unit": "kW.h"},
    }
    assert of(Ratio, {"ratio": saved}, "%").times == Fraction(1, 10)
    less = {"of": {"count": "bins", "where": FULL}, "over": {"count": "bins"}, "complement": True}
    assert of(Ratio, {"ratio": less}, "%").complement
    no_show = {"of": {"count": "missed"}, "over": {"count": ["served", "missed"]}, "across_sources": True}
    assert of(Ratio, {"ratio": no_show}, "%", "served missed").times == 100


def test_ratios_of_cells() -> None:
    stops = {
        "of": {"distinct": {"of": "bins", "value": "@subject", "where": FULL}},
        "over": {"distinct": {"of": "bins", "value": "@subject"}},
    }
    read = of(Ratio, {"ratio": stops}, "%")
    assert isinstance(read.of, Distinct)
    progress = {"of": {"latest": {**EVERY, "value": "$km"}}, "over": {"reference": "network", "unit": "m"}}
    assert isinstance(of(Ratio, {"ratio": progress}, "%").of, Latest)
    assert of(Ratio, {"ratio": progress}, "%").times == 100_000


def test_quantiles_leave_negative_durations_out() -> None:
    wait = {"minus": ["$seen_at", "$planned_at"]}
    lead = of(Quantile, {"quantile": {"of": "bins", "value": wait, "at": [0.5, 0.9]}}, "d")
    assert (lead.at, lead.times) == ((Fraction(1, 2), Fraction(9, 10)), Fraction(1, 86_400_000))
    assert lead.part.value.tree == {"unless_negative": wait}
    assert lead.part.value.type.nullable
    assert of(Quantile, {"quantile": {"of": "bins", "value": "$fill", "at": 0.95}}, "%").times == 1


def test_states() -> None:
    share = of(State, {"state": {**EVERY, "holds": FULL, "hold_at_most": "6h"}}, "%")
    assert (share.hold_ms, share.entity.code, share.times, slots_of(share)) == (6 * HOUR_MS, "e.subject", 100, 3)
    mean = of(State, {"state": {**EVERY, "value": "$fill", "hold_at_most": "6h"}}, "%")
    assert (mean.holds, mean.value.code, mean.times) == (None, "_scaled(d.fill, 2)", 1)
    time = of(State, {"state": {**EVERY, "holds": FULL, "hold_at_most": "6h", "total": True}}, "h")
    assert (time.total, time.times) == (True, Fraction(1, HOUR_MS))


def test_last_states() -> None:
    weighted = {**EVERY, "value": {"product": ["$km", "$fill"]}, "over": {"latest": "$km"}}
    progress = of(Latest, {"latest": weighted}, "%")
    assert (progress.over.code, progress.times, slots_of(progress)) == ("d.km", 1, 2)
    counted = {**EVERY, "holds": FULL, "over": {"reference": "bins"}, "until": {"plus": ["$seen_at", "30d"]}}
    share = of(Latest, {"latest": counted}, "%")
    assert share.value.code == "(1 if _scaled(d.fill, 2) >= 90 else 0)"
    assert (share.per, share.until.type.kind, share.times) == (Reference("bins"), Kind.INSTANT, 100)


def test_pairs() -> None:
    written = {"of": "dug", "entity": "@subject", "differ": "$owner", "at": ["$lat", "$lon"], "within_m": 150}
    written |= {"overlap": ["$begin", "$end"]}
    read = of(Pairs, {"pairs": written}, "1", "dug")
    (site,) = read.sites
    assert (read.within_m, read.times, slots_of(read), list(parts_of(read))) == (150, 1, 1, [site.part])
    assert [term.code for term in site.terms[:2]] == ["e.subject", "d.owner"]
    assert (site.latitude.code, site.holds.code, site.until) == ("_scaled(d.lat, 6)", "1", None)
    more = {**written, "holds": {"eq": ["$open", True]}, "until": "$end", "where": {"exists": "$end"}}
    other = of(Pairs, {"pairs": more}, "1", "dug")
    assert other.sites[0].holds.code == "(1 if d.open == True else 0)"
    assert (other.sites[0].until.tree, other.sites[0].part.where.tree) == ("$end", {"exists": "$end"})


@pytest.mark.parametrize(
    "more",
    [
        {"within_m": 151},
        {"differ": "@source"},
        {"entity": "$number"},
        {"at": ["$lat", {"max": ["$lon", "$lon"]}]},
        {"overlap": ["@time", "$end"]},
        {"holds": {"eq": ["$open", True]}},
        {"until": "$end"},
        {"where": {"eq": ["$open", True]}},
    ],
)
def test_everything_pairs_are_made_of_is_part_of_their_meaning(more: Any) -> None:
    written = {"of": "dug", "entity": "@subject", "differ": "$owner", "at": ["$lat", "$lon"], "within_m": 150}
    written |= {"overlap": ["$begin", "$end"]}
    hashes = {definition({"pairs": one}, "dug", unit="1").hash for one in (written, {**written, **more})}
    assert len(hashes) == 2


def test_distinct_values_per_reference() -> None:
    people = {"of": ["submitted", "decided"], "value": "$citizen", "per": {"reference": "population"}}
    read = of(Distinct, {"distinct": people}, "10*-5", "submitted decided", windows=["day"])
    assert ([part.source for part in read.parts], read.times) == (["submitted", "decided"], 100_000)


def test_joins() -> None:
    case = {"key": "$case_id", "first": "submitted", "then": {"of": "decided", "where": {"eq": ["$office", "Mitte"]}}}
    quantile = {"quantile": {"value": "elapsed", "at": [0.5, 0.9]}}
    done = of(Join, {"join": {**case, "measure": quantile}}, "d", "submitted decided")
    assert (done.times, done.cohort, done.open, slots_of(done)) == (Fraction(1, 86_400_000), "then", True, 4)
    assert done.keys["decided"].code == "d.case_id"
    assert done.then.where.code == "d.office == 'Mitte'"
    timely = {"ratio": {"holds": {"ge": ["@elapsed", "48h"]}}}
    held = of(Join, {"join": {**case, "measure": timely, "cohort": "first"}}, "%", "submitted decided")
    assert elapsed_function(held.holds)(48 * HOUR_MS) is True
    assert (held.at, held.cohort, held.times) == ((), "first", 100)
    assert of(Join, {"join": {**case, "measure": "count"}}, "1", "submitted decided").times == 1


def test_values_beside_have_units_of_their_own() -> None:
    beside = {
        "mass": {"name": {"de": "Masse", "en": "mass"}, "unit": "t", "sum": {"of": "bins", "value": "$kg"}},
        "full": {"name": {"de": "voll", "en": "full"}, "count": "bins", "where": FULL},
    }
    read = definition({"count": "bins"}, unit="1", beside=beside)
    assert list(read.beside) == ["full", "mass"]
    assert (read.beside["mass"].measure.times, read.beside["mass"].unit) == (Fraction(1, 10_000), "t")
    assert read.beside["full"].unit == "1"


def test_windows_are_part_of_the_meaning_only_where_buckets_are_kept_per_window() -> None:
    def hashes(measure: Any) -> int:
        return len({definition(measure, unit="1", windows=kinds).hash for kinds in (["day"], ["day", "month"])})

    assert hashes({"count": "bins"}) == 1
    assert hashes({"distinct": {"of": "bins", "value": "@subject"}}) == 2


def test_names_of_terms_are_no_part_of_the_meaning() -> None:
    named = {"count": "bins", "name": {"de": "Behälter", "en": "bins"}}
    assert definition(named, unit="1").hash == definition({"count": "bins"}, unit="1").hash
    assert isinstance(definition(named, unit="1").measure.of, Term)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("dimensions", "code"),
    [
        (["kind"], "d.kind"),
        ({"kind": {"bins": "$kind"}}, "d.kind"),
        (
            {"state": {"if": [{"eq": ["$broken", True]}, "broken", "sound"]}},
            "('broken' if d.broken == True else 'sound')",
        ),
        ({"broken": "$broken"}, "d.broken"),
        ({"bin": "@subject"}, "e.subject"),
        ({"km": "$km"}, "d.km"),
    ],
)
def test_dimensions(dimensions: Any, code: str) -> None:
    (terms,) = definition({"count": "bins"}, unit="1", dimensions=dimensions).dimensions.values()
    assert terms["bins"].code == code
