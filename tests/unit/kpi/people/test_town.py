"""Whole towns, from the event to the reader: nobody learns how many there are in a small group, at no time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from cityhub.kpi.errors import Withheld
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.store import closing, schema
from cityhub.kpi.store.outbox import Outbox
from cityhub.kpi.store.renewal import decode_value
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.store.small_groups import Sizes, hidden
from cityhub.kpi.values import Label, WindowKind
from tests.unit.kpi.exact import exact
from tests.unit.kpi.people.searcher import Group, Searcher
from tests.unit.kpi.people.town import BOROUGHS, LEAST, MEASURES, MONTHS, Town, Visit

SEEDS = (*range(8), 11)


def count(visits: Sequence[Visit], group: Group) -> int:
    """How many there really are."""
    when, scope, channel, quality = group
    return sum(
        when in ("year", str(visit.month))
        and scope in ("city", visit.borough or "none")
        and channel in ("", visit.channel)
        and quality in ("all", "good" if visit.good else "bad")
        for visit in visits
    )


def certain(town: Town, **rule: int) -> Mapping[Group, int]:
    """Small groups that a searcher is certain of; all it is certain of is right."""
    known = Searcher(town.seen(), **rule).known()
    assert {group: count(town.visits, group) for group in known} == known
    return {group: size for group, size in known.items() if 0 < size < LEAST}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_small_group_is_certain(tmp_path: Path, seed: int) -> None:
    town = Town(tmp_path, seed)
    for _ in town.live():
        assert not certain(town)
    seen = town.seen()
    small = [key for key in seen if 0 < count(town.visits, (*key[1:], "all")) < LEAST]
    assert all(seen[key].suppressed for key in small)
    assert any(not value.suppressed for value in seen.values())
    assert all(key[2] == "city" or not key[3] or seen[key].suppressed for key in seen)
    for value in seen.values():
        assert value.label is Label.FINAL
        assert value.minimum_group == LEAST
        assert not value.n % LEAST
        assert not value.numerator % LEAST
        assert value.kpi_id != "V02" or not value.denominator % LEAST
        assert value.digest == ""
        if value.suppressed:
            assert (value.value, value.n, value.numerator, value.synthetic_n) == (None, 0, 0, 0)
            assert not value.beside | value.named


def test_without_a_second_withheld_part_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: where only what is small by itself is withheld, the same searcher finds it."""

    def only_small(sizes: Mapping[Cut, Sizes], minimum: int, lot: str, untold: set[Cut]) -> set[Cut]:
        small = {cut for cut, own in sizes.items() if any(0 < size < minimum for size in own)}
        return small | hidden(sizes, 1, lot)

    monkeypatch.setattr(closing, "hidden", only_small)
    town = Town(tmp_path, 5)
    for _ in town.live():
        pass
    assert certain(town, most_withheld=LEAST - 1)


def test_nothing_is_shown_or_sent_of_a_window_that_is_open(tmp_path: Path) -> None:
    town = Town(tmp_path, 1)
    outbox = Outbox(town.engine.database, lambda _: None)
    next(life := town.live())
    assert not town.seen()
    assert not outbox.unpublished()
    assert outbox.republish({}) == 0
    next(life)
    assert {key[1] for key in town.seen()} == {"10"}
    sent = outbox.unpublished()
    assert {one.key.window for one in sent} == {"month"}
    assert len({one.key.anchor for one in sent}) == 1


def test_what_comes_late_moves_nothing_or_at_least_the_smallest_group(tmp_path: Path) -> None:
    """Withheld stays withheld; between two revisions of a number there are enough people."""
    moved = 0
    for seed in range(2):
        town = Town(tmp_path, seed)
        for _ in town.live():
            pass
        shown = {key: (value, count(town.visits, (*key[1:], "all"))) for key, value in town.seen().items()}
        for _ in range(15):
            late = Visit(town.random.choice(MONTHS), town.random.choice(BOROUGHS), "app", good=True)
            for _ in range(town.random.choice((1, 1, 1, 3))):
                town.visit(late, datetime(2027, 2, 1, tzinfo=UTC))
            town.engine.publish()
            for key, value in town.seen().items():
                before, people = shown.get(key, (None, 0))
                now = count(town.visits, (*key[1:], "all"))
                if before is None or before.suppressed:
                    assert value.suppressed
                elif value != before:
                    assert now - people >= LEAST
                    assert (value.label, value.reasons) == (Label.CORRECTED, ("late",))
                    moved += 1
                else:
                    continue
                shown[key] = value, now
    assert moved


def test_no_exact_number_of_people_as_of_an_instant(tmp_path: Path) -> None:
    town = Town(tmp_path, 1)
    for _ in town.live():
        pass
    for reader in (town.reader, InMemoryReader(town.catalogue)):
        with pytest.raises(Withheld, match="V01 tells of people: what was known of it at an instant"):
            reader.as_of("V01", WindowKind.MONTH, datetime(2026, 12, 24, tzinfo=UTC))
    with town.engine.database.snapshot() as connection:
        kept = [decode_value(payload) for payload in connection.scalars(select(schema.value.c.payload))]
    assert {tuple(value.since_min) for value in kept} == {()}  # nor does anything tell when a number became another


def test_how_many_records_there_are_is_rounded(tmp_path: Path) -> None:
    town = Town(tmp_path, 1)
    next(town.live())
    (stream,) = town.reader.streams()
    assert abs(stream.records - len(town.visits)) < LEAST
    assert stream.records % LEAST == 0


def test_a_definition_has_the_smallest_group_of_its_contracts(tmp_path: Path) -> None:
    town = Town(tmp_path, 1)
    assert {town.catalogue[kpi].minimum_group for kpi in MEASURES} == {LEAST}


def test_what_was_published_exactly_is_protected_once_it_is_known_to_tell_of_people(tmp_path: Path) -> None:
    town = Town(tmp_path, 1)
    people = town.catalogue
    town.count_by(exact(people))
    life = town.live()
    next(life)
    next(life)
    assert {value.minimum_group for value in town.seen().values()} == {0}
    assert ("V01", "11", "city", "") in town.seen()
    town.count_by(people)
    town.engine.publish()
    seen = town.seen()
    assert {key[1] for key in seen} == {"10"}
    assert {value.minimum_group for value in seen.values()} == {LEAST}
    assert any(value.suppressed for value in seen.values())
    assert not certain(town)
    town.engine.publish()
    assert town.seen() == seen
