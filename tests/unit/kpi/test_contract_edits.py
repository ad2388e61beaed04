"""Edits of shipped contracts, each with the verdict: what it breaks among events and streams, and which KPIs."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from msgspec import UNSET

from cityhub.kpi.impact import impact
from cityhub.sdk.contract import Contract, load_contracts, parse_contract
from cityhub.sdk.evolution import breaks

DEPARTED = "dvv.transit.stop-departed.v1"
CANCELLED = "dvv.transit.trip-cancelled.v1"
METERED = "dvv.lamp.energy-metered.v1"
FILL = "wbd.bin.level-observed.v1"
SITE = "wbd.roadwork.changed.v1"
BOOKED = "city.appointment.booked.v1"
DECIDED = "city.application.decided.v1"
MATURITY = "city.service.maturity-changed.v1"
CONTRIBUTION = "city.participation.contribution-submitted.v1"
FLAT = "gebag.flat.status-changed.v1"
REFERENCE = "city.reference.set.v1"
NOTE: dict[str, Any] = {"type": "text", "meaning": {"de": "Notiz", "en": "note"}}
OPTIONAL_NOTE = NOTE | {"optional": True}


class Edit(NamedTuple):
    """An edit, and what follows.

    Attributes:
        edit: new values by path; `UNSET` takes a key away.
        broken: paths of what breaks events or streams. kpis: those that cannot go on.
    """

    type: str
    edit: dict[str, Any]
    broken: tuple[str, ...] = ()
    kpis: tuple[str, ...] = ()


EDITS = [
    # nothing breaks
    Edit(DEPARTED, {"title.en": "A vehicle has left a stop"}),
    Edit(DEPARTED, {"fields.line.meaning.en": "line, as it is called"}),
    Edit(DEPARTED, {"fields.note": OPTIONAL_NOTE}),
    Edit(DEPARTED, {"fields.line.distinct_at_most": 900}),
    Edit(DEPARTED, {"fields.classifier.values": ["ACT", "EST", "PLN", "CAN"]}),
    Edit(DEPARTED, {"fields.classifier.values": UNSET}),
    Edit(DEPARTED, {"fields.delay_s.max": 172_800}),
    Edit(DEPARTED, {"cadence": "10s"}),
    Edit(DEPARTED, {"lateness": "20min"}),
    Edit(DEPARTED, {"horizon": "96h"}),
    Edit(DEPARTED, {"subjects_at_most": UNSET}),
    Edit(METERED, {"fields.energy_wh.max": 40_000}),
    Edit(METERED, {"events_per_day_at_most": 1_000_000}),
    Edit(MATURITY, {"fields.level.max": 5}),
    Edit(REFERENCE, {"status": "retired"}),
    Edit(FLAT, {"subjects_at_most": 40_000}),
    Edit(FILL, {"fields.fill.optional": True}),
    # events, streams or what readers rest on
    Edit(DEPARTED, {"fields.stop_name": UNSET}, ("fields.stop_name",)),
    Edit(DEPARTED, {"fields.note": NOTE}, ("fields.note",)),
    Edit(DEPARTED, {"fields.stop.optional": False}, ("fields.stop.optional",)),
    Edit(DEPARTED, {"fields.delay_s.max": 3_600}, ("fields.delay_s.max",)),
    Edit(DEPARTED, {"fields.delay_s.min": -3_600}, ("fields.delay_s.min",)),
    Edit(DEPARTED, {"fields.classifier.values": ["ACT", "EST"]}, ("fields.classifier.values",)),
    Edit(DEPARTED, {"fields.direction.values": ["north", "south"]}, ("fields.direction.values",)),
    Edit(DEPARTED, {"fields.line.distinct_at_most": 100}, ("fields.line.distinct_at_most",)),
    Edit(DEPARTED, {"fields.direction.distinct_at_most": 100}, ("fields.direction.distinct_at_most",)),
    Edit(DEPARTED, {"fields.direction.personal": True}, ("fields.direction.personal",), ("M01", "M02")),
    Edit(DEPARTED, {"topic": "du.evt.dvv.departure.v1"}, ("topic",)),
    Edit(DEPARTED, {"key": "@subject"}, ("key",)),
    Edit(DEPARTED, {"lateness": "5min", "horizon": "48h"}, ("lateness", "horizon")),
    Edit(METERED, {"events_per_day_at_most": 1_000}, ("events_per_day_at_most",)),
    Edit(METERED, {"subjects_at_most": 100}, ("subjects_at_most",)),
    Edit(FLAT, {"correctable.retracted": UNSET}, ("correctable",)),
    Edit(FLAT, {"fields.area_m2.scale": 3}, ("fields.area_m2.scale",)),
    Edit(CONTRIBUTION, {"fields.pseudonym.personal": UNSET}, ("fields.pseudonym.personal",), ("E11",)),
    # both
    Edit(DEPARTED, {"fields.delay_s": UNSET}, ("fields.delay_s",), ("M01",)),
    Edit(DEPARTED, {"fields.delay_s.type": "text"} | {f"fields.delay_s.{key}": UNSET for key in ("unit", "min", "max")},
         ("fields.delay_s.type",), ("M01",)),
    Edit(DEPARTED, {"fields.classifier.values": ["EST", "PLN"]}, ("fields.classifier.values",), ("M01",)),
    Edit(CANCELLED, {"fields.line.personal": True}, ("fields.line.personal",), ("M01",)),
    Edit(METERED, {"fields.energy_wh.unit": "m3"}, ("fields.energy_wh.unit",), ("I08-saving", "I08")),
    Edit(FILL, {"fields.fill.max": 0.8}, ("fields.fill.max",), ("I11",)),
    Edit(MATURITY, {"fields.level.max": 2}, ("fields.level.max",), ("E05",)),
    Edit(SITE, {"fields.lat.scale": 5}, ("fields.lat.scale",), ("M04",)),
    Edit(FLAT, {"fields.modernised": UNSET}, ("fields.modernised",), ("W01",)),
    # only KPIs: what is wider is right for events
    Edit(CANCELLED, {"fields.line.distinct_at_most": UNSET}, (), ("M01",)),
    Edit(DECIDED, {"fields.channel.values": UNSET}, (), ("E07",)),
    Edit(BOOKED, {"fields.office.values": UNSET}, (), ("E01",)),
    Edit(METERED, {"fields.energy_wh.max": UNSET}, (), ("I08-saving", "I08")),
    Edit(METERED, {"events_per_day_at_most": 10**13}, (), ("I08-saving", "I08")),
    Edit(SITE, {"fields.lat.min": 50}, (), ("M04",)),
    Edit(SITE, {"fields.lon.max": UNSET}, (), ("M04",)),
    Edit(FILL, {"status": "retired"}, (), ("I11",)),
]  # fmt: skip


def shipped(type_: str) -> tuple[Contract, dict[str, Any]]:
    partner, name = type_.split(".", 1)
    text = files("cityhub.sdk").joinpath(f"contracts/{partner}/{name}.yaml").read_text("utf-8")
    return parse_contract(text, type_), yaml.safe_load(text)


def edited(one: Edit) -> tuple[Contract, Contract]:
    old, tree = shipped(one.type)
    for path, value in one.edit.items():
        *way, last = path.split(".")
        place = tree
        for step in way:
            place = place[step]
        if value is UNSET:
            place.pop(last, None)
        else:
            place[last] = value
    return old, parse_contract(yaml.safe_dump(tree), one.type)


@pytest.mark.parametrize("one", EDITS, ids=lambda one: f"{one.type} {' '.join(one.edit)}")
def test_edit(one: Edit) -> None:
    old, new = edited(one)
    assert tuple(line.partition(":")[0] for line in breaks(old, new)) == one.broken
    readers = impact(new)
    assert tuple(reader.id for reader in readers if reader.problems) == one.kpis
    assert {reader.id for reader in readers} == {reader.id for reader in impact(old)}


def test_there_are_pairs_of_every_sort() -> None:
    sorts = [(bool(one.broken), bool(one.kpis)) for one in EDITS]
    assert len(EDITS) >= 25
    assert min(sorts.count(sort) for sort in ((False, False), (True, False), (False, True), (True, True))) >= 8


def test_a_kpi_is_named_with_version_file_and_problem() -> None:
    _, new = edited(Edit(MATURITY, {"fields.level.max": 2}))
    (found,) = impact(new)
    assert (found.id, found.version, found.file, found.name) == ("E05", 1, "e-government/E05.yaml", "OZG maturity")
    (problem,) = found.problems
    assert problem.startswith("e-government/E05.yaml: measure")
    assert "is never true" in problem


def test_a_definition_that_would_mean_something_else_is_broken(tmp_path: Path) -> None:
    """Units of the contract decide a factor that the definition leaves out."""
    text = files("cityhub.kpi").joinpath("definitions/infrastruktur/I08.yaml").read_text("utf-8")
    place = tmp_path / "infrastruktur" / "I08.yaml"
    place.parent.mkdir()
    place.write_text(text.replace(", times: 0.001", ""), "utf-8")
    old, new = edited(Edit(METERED, {"fields.energy_wh.unit": "kW.h"}))
    assert [one.problems for one in impact(old, definitions=tmp_path)] == [()]
    ((problem,),) = [one.problems for one in impact(new, definitions=tmp_path)]
    assert problem.startswith("infrastruktur/I08.yaml: version: 1 would mean something else, hash ")


def test_a_type_that_nothing_reads_has_no_readers() -> None:
    assert impact(load_contracts()["de.duisburg.city.reference.set.v1"]) == []
