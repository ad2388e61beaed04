"""The harness itself: a benchmark that cannot say no measures nothing."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from cityhub.kpi.kernel.layout import plan_of
from cityhub.sdk import codec
from tests.bench.environments import HUB, WANTED, lock_of
from tests.bench.figures import TARGETS, Figures, state
from tests.bench.lamps import hub
from tests.bench.lamps.contenders import SYSTEMS
from tests.bench.lamps.drain import SCRIPTS, System, judge
from tests.bench.lamps.events import LATENESS_S, LATEST_S, Load, Sent, encoded, lamp_name, records
from tests.bench.lamps.topic import TRUTH, Filled, truth_row
from tests.bench.machine import ROOT
from tests.bench.report import document

LOAD = Load(60_000, lamps=3_000)
COUNTED = System("counts once", "", dedup=True)
DELIVERED = System("counts again", "")
Rows = dict[tuple[str, int], list[int]]


@pytest.fixture(scope="module")
def sent() -> list[Sent]:
    return list(records(LOAD))


def test_the_input_has_the_faults_it_says(sent: list[Sent]) -> None:
    first = {one.number: one.arrival_ms for one in reversed(sent) if not one.resent}
    resent = [one for one in sent if one.resent]
    ages_s = [one.arrival_ms // 1000 - one.time_s for one in sent if not one.resent]
    assert 0.008 < len(resent) / len(sent) < 0.012
    assert all(0 < one.arrival_ms - first[one.number] <= 60_000 for one in resent)
    assert 0.015 < sum(0 < age <= 10 for age in ages_s) / len(ages_s) < 0.025
    assert 0.0005 < sum(LATENESS_S < age <= LATEST_S for age in ages_s) / len(ages_s) < 0.002
    assert max(ages_s) <= LATEST_S


def test_the_input_is_the_same_everywhere(sent: list[Sent]) -> None:
    digest = hashlib.sha256(b"".join(b"".join(encoded(one)) for one in sent[:2_000]))
    assert digest.hexdigest() == "e4ddba568956a66a6df7b8fe376864ee049c66eb5d85278a5136cbc757e400c8"
    assert encoded(sent[0])[1] != encoded(next(records(Load(1, lamps=3_000, seed=8))))[1]


def test_events_are_the_hubs_own_and_a_repeated_one_has_the_same_bytes(sent: list[Sent]) -> None:
    again = next(one for one in sent if one.resent)
    before = next(one for one in sent if one.number == again.number)
    event = codec.decode(encoded(again)[1])
    assert encoded(again) == encoded(before)
    assert (event.subject, event.synthetic) == (lamp_name(again.lamp), True)
    assert event.borough == f"STB0{again.lamp % 7 + 1}"


@pytest.mark.parametrize("system", [COUNTED, DELIVERED], ids=lambda system: system.name)
def test_the_oracle_accepts_what_is_right_and_nothing_else(sent: list[Sent], system: System, tmp_path: Path) -> None:
    filled, right = _filled(sent, tmp_path), _rows(sent, again=not system.dedup)
    assert _verdict(filled, right, system, tmp_path)["mismatching"] == 0
    other = System("the other", "", dedup=not system.dedup)
    assert _verdict(filled, right, other, tmp_path)["mismatching"] > 100
    key = next(iter(right))
    for changed in (
        {**right, key: [right[key][0], right[key][1] + 1, right[key][2]]},
        {name: sums for name, sums in right.items() if name != key},
        {**right, ("L-1", key[1]): [1, 1, 0]},
    ):
        verdict = _verdict(filled, changed, system, tmp_path)
        assert verdict["mismatching"] == 1, verdict


@pytest.mark.parametrize("by", ["lamp", "borough"])
def test_the_hubs_definition_sums_what_the_oracle_sums(by: str) -> None:
    """The columns that `hub.rows` reads are the definition's slots: power, reports, faults."""
    (definition,) = hub.catalogue_over("du.evt.imd.lamps-other.v1", by)
    plan = plan_of(definition)
    fills = [(fill.slot, fill.part.value is not None, fill.part.where is not None) for fill in plan.fills["measured"]]
    assert fills == [(0, True, False), (1, False, False), (2, False, True)]
    assert definition.sources["measured"].topic == "du.evt.imd.lamps-other.v1"
    assert (definition.grain, tuple(definition.dimensions)) == ("1min", ("lamp",) if by == "lamp" else ())


def test_every_contender_has_a_script_and_a_lock_with_hashes() -> None:
    assert {system.environment for system in SYSTEMS} <= {HUB, *WANTED}
    for system in SYSTEMS:
        assert (SCRIPTS / f"{system.script}.py").exists(), system
    for name in WANTED:
        text = lock_of(name).read_text("utf-8")
        assert "--hash=sha256:" in text, name
        assert "://" not in text, f"{name} names an address"


def _line(system: str, number: int, rate: float, **more: Any) -> dict[str, Any]:
    about = {"bench": "drain", "system": system, "round": number, "missing": "", "mismatching": 0}
    return {**about, "rows": 7, "events_per_cpu_s": rate, **more}


RUN: list[dict[str, Any]] = [
    {"bench": "run", "name": "lamps", "started": "2026-11-23", "commit": "abc", "seed": 7, "libraries": {"a": "1"}},
    *(_line("aiokafka", number, 300_000) for number in range(4)),
    _line("cityhub", 0, 1),
    _line("cityhub", 1, 90_000),
    _line("cityhub", 2, 90_001, mismatching=2, first={"place": "L3"}),
    _line("cityhub", 3, 110_000),
    {
        "bench": "drain",
        "system": "Quix Streams",
        "round": 0,
        "missing": "dedup",
        "absent": f"no wheel in {ROOT}/wheels",
    },
]


def test_figures_leave_out_the_first_round_and_void_ones() -> None:
    figures = Figures(RUN)
    rate, ratio = figures.rate("cityhub"), figures.ratio("cityhub")
    assert rate == (100_000, 90_000, 110_000)
    assert ratio
    assert ratio.median == pytest.approx(1 / 3)


def test_the_report_says_what_was_reached_missed_void_and_absent() -> None:
    states = {target.says: state(target, Figures(RUN)) for target in TARGETS}
    page = document([RUN])
    assert states["at least 100 000 events/s per core, a bucket per lamp and minute"].startswith("reached: 100")
    assert states["no row that differs from the oracle's"] == "**missed**: 2 rows"
    assert states["event to dashboard p99 below 1 s"] == "not measured in these runs"
    assert "Quix Streams, drain, round 0: no wheel in wheels" in page
    assert "2 rows differ from the oracle's, the first {'place': 'L3'}" in page
    assert "| commit | abc |" in page


def _filled(sent: list[Sent], folder: Path) -> Filled:
    truth = folder / "truth.csv"
    with truth.open("w", newline="") as file:
        csv.writer(file).writerows([TRUTH, *map(truth_row, sent)])
    return Filled("", LOAD, truth, 0.0, "")


def _rows(sent: list[Sent], *, again: bool) -> Rows:
    found: Rows = defaultdict(lambda: [0, 0, 0])
    for one in sent:
        if again or not one.resent:
            sums = found[lamp_name(one.lamp), one.time_s // 60 * 60]
            sums[0] += 1
            sums[1] += one.power_dw
            sums[2] += one.fault
    return dict(found)


def _verdict(filled: Filled, rows: Rows, system: System, folder: Path) -> dict[str, Any]:
    path = folder / "rows.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("place", "minute", "n", "power_dw", "faults")])
        csv.writer(file).writerows((*key, *sums) for key, sums in rows.items())
    return judge(filled, path, system)
