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
    Quantile,
    Ratio,
    Reference,
    State,
    Term,
    Total,
    parts_of,
    slots_of,
)
from tests.unit.kpi.language.contracts import BIN, DECIDED, SERVED, SUBMITTED, definition, of

HOUR_MS = 3_600_000
FULL = {"ge": ["$fill", 0.9]}
EVERY = {"of": "bins", "entity": "@subject"}


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
    assert (share.hold_ms, share.of[0].entity.code, share.times, slots_of(share)) == (6 * HOUR_MS, "e.subject", 100, 3)
    mean = of(State, {"state": {**EVERY, "value": "$fill", "hold_at_most": "6h"}}, "%")
    assert (mean.of[0].holds, mean.of[0].value.code, mean.times) == (None, "_scaled(d.fill, 2)", 1)
    time = of(State, {"state": {**EVERY, "holds": FULL, "hold_at_most": "6h", "total": True}}, "h")
    assert (time.total, time.times) == (True, Fraction(1, HOUR_MS))


def test_last_states() -> None:
    weighted = {**EVERY, "value": {"product": ["$km", "$fill"]}, "over": {"latest": "$km"}}
    progress = of(Latest, {"latest": weighted}, "%")
    assert (progress.of[0].over.code, progress.times, slots_of(progress)) == ("d.km", 1, 2)
    counted = {**EVERY, "holds": FULL, "over": {"reference": "bins"}, "until": {"plus": ["$seen_at", "30d"]}}
    share = of(Latest, {"latest": counted}, "%")
    assert share.of[0].value.code == "(1 if _scaled(d.fill, 2) >= 90 else 0)"
    assert (share.per, share.of[0].until.type.kind, share.times) == (Reference("bins"), Kind.INSTANT, 100)


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
    assert done.then[0].where.code == "d.office == 'Mitte'"
    timely = {"ratio": {"holds": {"ge": ["@elapsed", "48h"]}}}
    held = of(Join, {"join": {**case, "measure": timely, "cohort": "first"}}, "%", "submitted decided")
    assert elapsed_function(held.holds)(48 * HOUR_MS) is True
    assert (held.at, held.cohort, held.times) == ((), "first", 100)
    assert of(Join, {"join": {**case, "measure": "count"}}, "1", "submitted decided").times == 1


def test_last_states_of_several_sources() -> None:
    """A smart meter counts until it is removed: each source says what its events mean."""
    meters = {
        "of": ["submitted", "decided"],
        "entity": {"submitted": "$case_id", "decided": "$citizen"},
        "holds": {"submitted": {"eq": ["$office", "Mitte"]}, "decided": False},
        "over": {"latest": {"submitted": 1, "decided": 0}},
    }
    share = of(Latest, {"latest": meters}, "%", "submitted decided")
    assert [source.part.source for source in share.of] == ["submitted", "decided"]
    assert [source.entity.code for source in share.of] == ["d.case_id", "d.citizen"]
    assert [source.value.code for source in share.of] == ["(1 if d.office == 'Mitte' else 0)", "0"]
    assert [source.over.code for source in share.of] == ["1", "0"]
    assert (share.times, slots_of(share), len(list(parts_of(share)))) == (100, 2, 2)


def test_a_literal_takes_unit_and_decimals_of_the_other_sources() -> None:
    known = {"of": ["bins", "submitted"], "entity": {"bins": "@subject", "submitted": "$case_id"}}
    mass = of(Latest, {"latest": {**known, "value": {"submitted": 0, "bins": "$kg"}}}, "t", "bins submitted")
    assert [(one.value.type.unit, one.value.type.scale) for one in mass.of] == [("kg", 1), ("kg", 1)]
    assert mass.times == Fraction(1, 10_000)
    two = of(
        Total, {"sum": {"of": ["bins", "submitted"], "value": {"bins": "$km", "submitted": 2}}}, "km", "bins submitted"
    )
    assert [part.value.code for part in two.of.parts] == ["d.km", "2"]


def test_states_of_several_sources() -> None:
    seen = {"of": ["bins", "submitted"], "entity": {"bins": "@subject", "submitted": "$case_id"}, "hold_at_most": "6h"}
    share = of(State, {"state": {**seen, "holds": {"bins": FULL, "submitted": False}}}, "%", "bins submitted")
    assert [source.holds.code for source in share.of] == ["_scaled(d.fill, 2) >= 90", "False"]


def test_a_state_may_be_a_share_of_all_time_that_is_known() -> None:
    heard = {**EVERY, "holds": True, "hold_at_most": "2h"}
    uptime = of(State, {"state": {**heard, "over": "known"}}, "%")
    assert (uptime.over, uptime.of[0].holds.code, uptime.times, slots_of(uptime)) == ("known", "True", 100, 3)
    hashes = [definition({"state": {**heard, **more}}).hash for more in ({}, {"over": "observed"}, {"over": "known"})]
    assert [hashes.index(one) for one in hashes] == [0, 0, 2]


def test_conditions_by_source() -> None:
    where = {"submitted": {"eq": ["$office", "Mitte"]}, "decided": {"eq": ["$office", "Süd"]}}
    count = of(Total, {"count": ["submitted", "decided"], "where": where}, "1", "submitted decided")
    assert [part.where.code for part in count.of.parts] == ["d.office == 'Mitte'", "d.office == 'Süd'"]


def test_joins_of_several_sources() -> None:
    sources = {"city_filed": SUBMITTED, "wbd_filed": BIN, "city_begun": DECIDED, "wbd_begun": SERVED}
    key = {"city_filed": "$case_id", "city_begun": "$case_id", "wbd_filed": "$street", "wbd_begun": "@subject"}
    case = {"key": key, "first": ["city_filed", "wbd_filed"], "then": {"of": ["city_begun", "wbd_begun"]}}
    timely = {"ratio": {"holds": {"ge": ["@elapsed", "48h"]}}}
    dimensions = {"owner": {name: name.split("_")[0] for name in sources}}
    notice = of(Join, {"join": {**case, "measure": timely}}, "%", sources, dimensions=dimensions)
    assert [part.source for part in parts_of(notice)] == list(sources)
    assert [notice.keys[name].code for name in sources] == ["d.case_id", "d.street", "d.case_id", "e.subject"]


def test_cohorts() -> None:
    case = {"key": "$case_id", "first": "submitted", "then": "decided", "cohort": "first"}
    share = {"ratio": {"of": "closed", "over": "opened"}}
    done = of(Join, {"join": {**case, "measure": share}}, "%", "submitted decided")
    assert (done.over, done.holds, done.times, slots_of(done)) == ("opened", None, 100, 5)
    timely = {"ratio": {"holds": {"le": ["@elapsed", "30d"]}, "over": "opened"}}
    within = of(Join, {"join": {**case, "measure": timely, "open": False}}, "%", "submitted decided")
    assert (within.over, slots_of(within)) == ("opened", 4)
    whole = {"ratio": {**timely["ratio"], "over": "closed"}}
    plain = {"ratio": {"holds": {"le": ["@elapsed", "30d"]}}}
    hashes = {
        definition({"join": {**case, "measure": measure}}, "submitted decided").hash
        for measure in (timely, whole, plain)
    }
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("measure", "hash_"),
    [
        (
            {"join": {"key": "$case_id", "first": ["submitted"], "then": {"of": ["decided"]}, "measure": "count"}},
            "c906eccca5c620e8",
        ),
        ({"latest": {**EVERY, "of": ["bins"], "holds": FULL, "over": {"reference": "bins"}}}, "ac1067892df89d53"),
        ({"state": {**EVERY, "of": ["bins"], "holds": FULL, "hold_at_most": "6h"}}, "038d4010800f14e4"),
    ],
)
def test_hashes_from_before_there_could_be_several_sources(measure: Any, hash_: str) -> None:
    sources = "submitted decided" if "join" in measure else "bins"
    assert definition(measure, sources, unit="1" if "join" in measure else "%").hash[:16] == hash_


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
