"""A KPI's health is the worst of its sources and its value, and says so in a sentence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.health.kpi import NOTHING_SEEN, Health, SourceHealths, health_of, main_sources
from cityhub.kpi.health.sentence import sentence
from cityhub.kpi.health.source import Cause, SourceHealth, State
from cityhub.kpi.values import KpiValue, WindowKind
from tests.unit.api.classes import value_of
from tests.unit.kpi.health.observations import NOON

CATALOGUE = load_catalogue()
AT = NOON + timedelta(hours=2)
LONG_AGO = AT - timedelta(days=5_000)
LEVEL = "de.duisburg.wbd.bin.level-observed.v1"
DEPARTED = "de.duisburg.dvv.transit.stop-departed.v1"
CANCELLED = "de.duisburg.dvv.transit.trip-cancelled.v1"


def value(kpi: str, **what: Any) -> KpiValue:
    some = value_of(CATALOGUE["M01"], WindowKind.DAY, NOON, NOON)
    return structs.replace(some, kpi_id=kpi, **what)


def healths(*found: SourceHealth, observed: datetime = AT, since: datetime = LONG_AGO) -> SourceHealths:
    return SourceHealths(AT, observed, {one.source: one for one in found}, since)


def source(type_: str, state: State = State.GOOD, cause: Cause | None = None, **what: Any) -> SourceHealth:
    return SourceHealth(source=type_, at_s=0, state=state, cause=cause, since_s=int(NOON.timestamp()), **what)


GONE = {"state": State.UNRELIABLE, "cause": Cause.OVERDUE}


def health(kpi: str, found: KpiValue | None, known: SourceHealths) -> Health:
    return health_of(CATALOGUE[kpi], found, known)


def test_the_measure_names_its_main_sources() -> None:
    assert main_sources(CATALOGUE["M01"]) == {"departed"}
    assert main_sources(CATALOGUE["E07"]) == {"submitted", "decided"}
    for definition in CATALOGUE:
        assert main_sources(definition) <= set(definition.sources)
        assert main_sources(definition)


def test_a_source_of_the_measure_counts_as_it_stands_one_beside_degrades_at_most() -> None:
    both = [source(DEPARTED), source(CANCELLED)]
    assert health("M01", value("M01"), healths(*both)).state is State.GOOD
    beside = health("M01", value("M01"), healths(source(DEPARTED), source(CANCELLED, **GONE)))
    assert (beside.state, beside.source) == (State.DEGRADED, CANCELLED)
    main = health("M01", value("M01"), healths(source(DEPARTED, **GONE), source(CANCELLED, **GONE)))
    assert (main.state, main.source, main.partner) == (State.UNRELIABLE, DEPARTED, "dvv")
    degraded = source(DEPARTED, State.DEGRADED, Cause.INVALID, share=0.07)
    assert health("M01", value("M01"), healths(degraded)).cause is Cause.INVALID


def test_nothing_is_said_against_a_number_while_nothing_was_observed() -> None:
    assert health("M01", value("M01"), NOTHING_SEEN).state is State.GOOD
    assert health("I11", value("I11", coverage=0.79), NOTHING_SEEN).cause is Cause.COVERAGE
    assert health("I11", value("I11", coverage=0.8), NOTHING_SEEN).state is State.GOOD


def test_where_nothing_ever_came_the_partner_is_named() -> None:
    for known in (healths(), NOTHING_SEEN):
        found = health("W05", None, known)
        assert (found.state, found.cause, found.partner) == (State.NO_DATA, Cause.NEVER, "gebag")
    found = health("I11", None, healths(source(LEVEL)))
    assert (found.state, found.cause) == (State.NO_DATA, Cause.EMPTY)
    assert health("I11", value("I11", value=None), healths(source(LEVEL, **GONE))).cause is Cause.OVERDUE


def test_one_of_several_sources_that_never_came_degrades() -> None:
    """But not where its partner's system reports other things on the same topic."""
    started = {name: f"de.duisburg.{name}.roadwork.started.v1" for name in ("city", "dvv", "wbd")}
    there = [source(started["city"]), source(started["wbd"])]
    found = health("M03", value("M03"), healths(*there))
    assert (found.state, found.cause, found.partner) == (State.DEGRADED, Cause.NEVER, "dvv")
    not_yet = healths(*there, since=AT - timedelta(days=3))
    assert health("M03", value("M03"), not_yet).state is State.GOOD
    assert health("E07", value("E07"), healths(source("de.duisburg.city.application.submitted.v1"))).state is State.GOOD


def test_nobody_knows_how_sources_are_while_nobody_looks() -> None:
    lately = healths(source(LEVEL), observed=AT - timedelta(minutes=15))
    assert health("I11", value("I11"), lately).state is State.GOOD
    found = health("I11", value("I11"), healths(source(LEVEL), observed=AT - timedelta(minutes=16)))
    assert (found.state, found.cause) == (State.UNRELIABLE, Cause.UNOBSERVED)


@pytest.mark.parametrize(
    ("kpi", "known", "what", "german", "english"),
    [
        ("I11", source(LEVEL), {}, "Verlässlich.", "Reliable."),
        (
            "I11",
            source(LEVEL, State.UNRELIABLE, Cause.SILENT, share=0.38),
            {},
            "Nicht verlässlich: 38 % der Behälter melden seit 12:00 Uhr nichts (WBD).",
            "Not reliable: 38% of the bins have reported nothing since 12:00 (WBD).",
        ),
        (
            "M01",
            source(DEPARTED, **GONE),
            {},
            "Nicht verlässlich: „Bus oder Bahn ist abgefahren“ – seit 12:00 Uhr keine Meldung (DVV).",
            "Not reliable: “A bus or tram has departed” – no report since 12:00 (DVV).",
        ),
        (
            "M01",
            source(DEPARTED, State.DEGRADED, Cause.INVALID, share=0.07),
            {},
            (
                "Eingeschränkt verlässlich: „Bus oder Bahn ist abgefahren“ – "
                "7 % der Meldungen sind seit 12:00 Uhr ungültig (DVV)."
            ),
            (
                "Of limited reliability: “A bus or tram has departed” – "
                "7% of the reports have been invalid since 12:00 (DVV)."
            ),
        ),
        (
            "I11",
            source(LEVEL),
            {"coverage": 0.62},
            "Nicht verlässlich: nur 62 % der Zeit sind beobachtet.",
            "Not reliable: only 62% of the time is observed.",
        ),
    ],
)
def test_sentences(kpi: str, known: SourceHealth, what: dict[str, Any], german: str, english: str) -> None:
    found = health(kpi, value(kpi, **what), healths(known))
    assert (sentence(found, "de"), sentence(found, "en")) == (german, english)


def test_sentences_without_a_number() -> None:
    never = health("W05", None, healths())
    assert sentence(never, "de") == "Noch keine Daten – Quelle: GEBAG."
    assert sentence(never, "en") == "No data yet – source: GEBAG."
    assert sentence(health("I11", None, healths(source(LEVEL))), "de") == "Keine Daten in diesem Zeitraum."
    gone = health("I11", None, healths(source(LEVEL, **GONE)))
    assert sentence(gone, "de") == "Keine Daten: „Füllstand eines Behälters“ – seit 12:00 Uhr keine Meldung (WBD)."


def test_a_small_group_is_withheld_however_its_sources_are() -> None:
    found = health("W05", value("W05", value=None, suppressed=True), healths(source(DEPARTED, **GONE)))
    assert (found.state, found.cause) == (State.WITHHELD, Cause.SUPPRESSED)
    assert sentence(found, "de") == "Zurückgehalten: kleine Gruppe."
    assert sentence(found, "en") == "Withheld: a small group."


def test_another_day_is_named() -> None:
    known = SourceHealths(AT + timedelta(days=1), None, {LEVEL: source(LEVEL, **GONE)})
    assert "seit 20.11.2026, 12:00 Uhr keine" in sentence(health("I11", value("I11"), known), "de")
    assert "since 2026-11-20 12:00 (" in sentence(health("I11", value("I11"), known), "en")


@pytest.mark.parametrize("cause", [Cause.OVERDUE, Cause.SILENT, Cause.INVALID, Cause.NEVER])
def test_every_kpi_can_say_what_is_wrong(cause: Cause) -> None:
    for definition in CATALOGUE:
        types = [one.type for one in definition.sources.values()]
        known = [] if cause is Cause.NEVER else [source(one, State.UNRELIABLE, cause, share=0.5) for one in types]
        for found in (value(definition.id), None):
            told = health_of(definition, found, healths(*known))
            if definition.field != "platform" or cause is not Cause.NEVER:
                assert (told.state, told.cause) == (State.NO_DATA if found is None else _expected(cause), cause)
            assert all("{" not in sentence(told, lang) for lang in ("de", "en"))


def _expected(cause: Cause) -> State:
    return State.DEGRADED if cause is Cause.NEVER else State.UNRELIABLE
