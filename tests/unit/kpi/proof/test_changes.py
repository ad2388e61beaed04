"""What changed: every cause by itself, worked out by hand, and sums that hold to the last digit for every class."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.writer import TopicWriter
from cityhub.kpi.definition import ENGINE_MEANING, load_catalogue, parse_definition
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.effect import REFERENCE_TOPIC
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof.changes import CAUSES, Changes, changes
from cityhub.kpi.proof.evidence import Evidence, Question
from cityhub.kpi.proof.looks import View, view_of
from cityhub.kpi.proof.verify import receipt_of
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.values import WindowKind
from cityhub.sdk import codec
from cityhub.sdk.event import make_event
from tests.unit.kpi.proof.week import Arrived
from tests.unit.kpi.proof.world import World

CATALOGUE = load_catalogue()
FLAT, SET = "de.duisburg.gebag.flat.status-changed.v1", "de.duisburg.city.reference.set.v1"
DEPARTED, CANCELLED = "de.duisburg.dvv.transit.stop-departed.v1", "de.duisburg.dvv.transit.trip-cancelled.v1"
CITY = Cut("city", "{}")
MARCH = datetime(2026, 3, 10, 9, tzinfo=UTC)
_serial = count()


def flat(name: str, version: int, at: datetime, *, source: str = "//gebag/erp", area: float = 60.0, **more: Any) -> Any:
    data = {"flat_id": name, "version": version, "modernised": True, "area_m2": area, **more}
    return make_event(
        type_=FLAT,
        source=source,
        natural_key=(name, str(version)),
        version="1",
        subject=name,
        time=at,
        recorded_at=at,
        data=data,
    )


def stock(value: int, valid_from: datetime) -> Any:
    data = {"name": "flats", "value": value, "unit": "1", "valid_from": valid_from.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return make_event(
        type_=SET,
        source="//gebag/stock",
        natural_key=(str(next(_serial)),),
        version="1",
        subject="flats",
        time=valid_from,
        recorded_at=valid_from,
        data=data,
    )


class Log:
    """Events archived as they arrive."""

    def __init__(self, folder: Path) -> None:
        self.archive = Archive(storage_of(folder), CATALOGUE.contracts)
        self._writers: dict[str, TopicWriter] = {}

    def arrives(self, at: datetime, *events: Any) -> None:
        for event in events:
            topic = CATALOGUE.contracts[event.type].topic
            writer = self._writers.setdefault(
                topic, TopicWriter(self.archive.storage, topic, CATALOGUE.contracts.of_topic(topic))
            )
            offset = writer.next_offset(0) or 0
            writer.add(0, [Arrived(offset, int(at.timestamp() * 1000), codec.encode(event))], {})
            writer.commit(0)


def view(version: str, known: datetime, month: datetime = MARCH) -> View:
    text = files("cityhub.kpi").joinpath("definitions/wohnen/W01.yaml").read_text("utf-8")
    if version == "large flats only":
        text = text.replace("version: 1", "version: 2").replace(
            "where: {eq: [$modernised, true]}", "where: {all: [{eq: [$modernised, true]}, {ge: [$area_m2, 50]}]}"
        )
    if version == "other stock":
        text = text.replace("reference: flats", "reference: houses")
    plan = plan_of(parse_definition(text, "W01.yaml", CATALOGUE.contracts))
    return View(plan, window_at(WindowKind.MONTH, int(month.timestamp())), CITY, int(known.timestamp() * 1000))


def amounts(found: Changes) -> dict[str, Decimal | None]:
    return {part.cause: part.amount for part in found.parts}


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """By 20 March: a stock of 1000, twenty flats of 60 m² and four of 40 m²: 24 of 1000."""
    log = Log(tmp_path)
    log.arrives(MARCH, stock(1000, MARCH - timedelta(days=100)))
    large = [flat(f"L{number}", 1, MARCH + timedelta(hours=number)) for number in range(20)]
    small = [flat(f"S{number}", 1, MARCH + timedelta(hours=number), area=40.0) for number in range(4)]
    log.arrives(MARCH + timedelta(days=2), *large, *small)
    return log


BEFORE, AFTER = datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 20, tzinfo=UTC)


def test_one_of_each_cause_is_split_to_the_last_digit(log: Log) -> None:
    """24 ÷ 1000 = 2.4 % becomes 27 ÷ 800 less the small flats.

    definition: 20 ÷ 1000 − 24 ÷ 1000 = −0.4; reference: 20 ÷ 800 − 20 ÷ 1000 = +0.5; correction: two corrections (one
    flat was not modernised, one small one is 55 m² large) and one retraction: 20 − 1 + 1 − 1 = 19 → −0.125; late: one
    → +0.125; source: three flats of another system → +0.375; city: five more in time → +0.625; 28 ÷ 800 = 3.5 %.
    """
    log.arrives(BEFORE + timedelta(hours=1), stock(800, MARCH - timedelta(days=99)))
    log.arrives(BEFORE + timedelta(hours=2), flat("L0", 2, MARCH, modernised=False), flat("S0", 2, MARCH, area=55.0))
    log.arrives(BEFORE + timedelta(hours=3), flat("L1", 2, MARCH, withdrawn=True))
    log.arrives(BEFORE + timedelta(hours=4), *(flat(f"O{n}", 1, BEFORE, source="//other/erp") for n in range(3)))
    log.arrives(BEFORE + timedelta(hours=5), *(flat(f"N{n}", 1, BEFORE) for n in range(5)))
    log.arrives(datetime(2026, 4, 15, tzinfo=UTC), flat("late", 1, MARCH))

    found = changes(view("", BEFORE), view("large flats only", AFTER), log.archive)

    assert (found.before, found.after) == (Decimal("2.4"), Decimal("3.5"))
    assert amounts(found) == {
        "definition": Decimal("-0.4"),
        "engine": 0,
        "reference": Decimal("0.5"),
        "correction": Decimal("-0.125"),
        "late": Decimal("0.125"),
        "source": Decimal("0.375"),
        "city": Decimal("0.625"),
    }
    assert tuple(amounts(found)) == CAUSES
    assert found.definitions == tuple(view(name, BEFORE).plan.definition.hash for name in ("", "large flats only"))
    assert found.unknown == ""
    counts = {part.cause: part.events for part in found.parts}
    assert counts == {**dict.fromkeys(CAUSES, 0), "reference": 1, "correction": 3, "late": 1, "source": 3, "city": 5}
    (late,) = found.parts[CAUSES.index("late")].named
    assert (late.topic, late.off) == ("du.evt.gebag.flat.v1", 35)


def test_another_window_is_the_citys(log: Log) -> None:
    log.arrives(AFTER - timedelta(days=9), flat("A", 1, AFTER - timedelta(days=10)))
    found = changes(view("", BEFORE), view("", AFTER, AFTER), log.archive)

    assert (found.before, found.after) == (Decimal("2.4"), Decimal("0.1"))
    assert amounts(found) == {**dict.fromkeys(CAUSES, 0), "city": Decimal("-2.3")}


def test_what_is_unknown_stays_so(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.arrives(MARCH + timedelta(days=2), flat("L0", 1, MARCH))
    log.arrives(BEFORE + timedelta(days=1), stock(800, MARCH - timedelta(days=99)))
    found = changes(view("", BEFORE), view("", AFTER), log.archive)

    assert (found.before, found.after) == (None, Decimal("0.125"))
    assert amounts(found)["reference"] is None
    assert amounts(found)["late"] == 0
    assert found.unknown == "before"
    found = changes(view("", AFTER), view("other stock", AFTER), log.archive)
    assert (found.after, found.unknown) == (None, "definition")


def test_a_corrected_delivery_was_a_delivery(tmp_path: Path) -> None:
    """The deadline counts from the first version that arrived, also once nothing is left of it."""
    log = Log(tmp_path)
    log.arrives(MARCH, stock(1000, MARCH - timedelta(days=100)))
    log.arrives(MARCH + timedelta(days=1), flat("A", 1, MARCH))
    log.arrives(AFTER, flat("B", 1, MARCH))
    log.arrives(AFTER + timedelta(days=10), flat("A", 2, MARCH, withdrawn=True))
    found = changes(view("", BEFORE), view("", AFTER + timedelta(days=20)), log.archive)

    assert amounts(found) == {**dict.fromkeys(CAUSES, 0), "correction": Decimal("-0.1"), "late": Decimal("0.1")}


def test_only_what_bears_on_the_number_is_named(log: Log) -> None:
    may = datetime(2026, 5, 5, tzinfo=UTC)
    log.arrives(BEFORE - timedelta(days=1), flat("M", 1, MARCH - timedelta(days=30)))
    log.arrives(BEFORE + timedelta(days=1), flat("M", 2, MARCH - timedelta(days=30), modernised=False))
    log.arrives(may, flat("N", 1, may, source="//other/erp"))
    march = changes(view("", BEFORE), view("", may), log.archive)
    step = changes(view("", BEFORE), view("", may, may), log.archive)

    assert [part.events for part in march.parts] == [0, 0, 0, 0, 0, 0, 0]
    assert [part.events for part in step.parts] == [0, 0, 0, 0, 0, 0, 1]


def departures(log: Log, at: datetime, source: str, line: str, *delays: int, kind: str = DEPARTED) -> None:
    data = {"line": line, "classifier": "ACT"} if kind == DEPARTED else {"line": line}
    log.arrives(
        at,
        *(
            make_event(
                type_=kind,
                source=source,
                natural_key=(str(number := next(_serial)),),
                version="1",
                subject=line,
                time=at,
                recorded_at=at,
                data={"trip": str(number), **data, **({"delay_s": delay} if kind == DEPARTED else {})},
                partitionkey=line,
            )
            for delay in delays
        ),
    )


def punctuality(known: datetime, dims: str = "{}") -> View:
    plan = plan_of(CATALOGUE["M01"])
    return View(
        plan, window_at(WindowKind.DAY, int(MARCH.timestamp())), Cut("city", dims), int(known.timestamp() * 1000)
    )


def test_a_source_is_new_where_it_had_told_nothing(log: Log) -> None:
    """A day: by noon 1 of 2 is punctual; then the operator's second system tells of 2 punctual ones: 3 of 4."""
    departures(log, MARCH - timedelta(days=3), "//dvv/two", "903", 0)
    departures(log, MARCH, "//dvv/one", "901", 0, 900)
    departures(log, MARCH + timedelta(hours=4), "//dvv/two", "901", 0, 0)
    noon, evening = MARCH + timedelta(hours=3), MARCH + timedelta(hours=9)

    whole = amounts(changes(punctuality(noon), punctuality(evening), log.archive))
    line = amounts(changes(punctuality(noon, '{"line":"901"}'), punctuality(evening, '{"line":"901"}'), log.archive))

    assert whole == {**dict.fromkeys(CAUSES, 0), "city": 25}  # it told of line 903 three days ago
    assert line == {**dict.fromkeys(CAUSES, 0), "source": 25}


def test_a_source_that_told_of_another_kind_is_not_new(log: Log) -> None:
    departures(log, MARCH, "//dvv/one", "901", 0, 900)
    departures(log, MARCH, "//dvv/two", "901", 0, kind=CANCELLED)
    departures(log, MARCH + timedelta(hours=4), "//dvv/two", "901", 0, 0)
    found = changes(punctuality(MARCH + timedelta(hours=3)), punctuality(MARCH + timedelta(hours=9)), log.archive)

    assert amounts(found) == {**dict.fromkeys(CAUSES, 0), "city": 25}


def test_only_the_windows_days_are_read_unless_a_source_is_new(log: Log) -> None:
    spans: list[object] = []

    class Watching(Archive):
        def frame(self, type_: str, **cut: Any) -> Any:
            spans.append(cut.get("t"))
            return super().frame(type_, **cut)

    departures(log, MARCH, "//dvv/one", "901", 0, 900)
    departures(log, MARCH + timedelta(hours=4), "//dvv/one", "901", 0, 0)
    noon, evening = punctuality(MARCH + timedelta(hours=3)), punctuality(MARCH + timedelta(hours=9))
    changes(noon, evening, Watching(log.archive.storage, CATALOGUE.contracts))

    assert spans == [(noon.window.start * 1000, noon.window.end * 1000)] * 2


def test_a_receipt_of_an_older_engine_is_compared_with_what_this_one_makes_of_it(log: Log) -> None:
    """It stated 2.5 %, this engine makes 2.4 % of its records; one more flat came since: 2.5 %."""
    seen = view("", BEFORE)
    cursor = {"du.evt.gebag.flat.v1": {0: 23}, REFERENCE_TOPIC: {0: 0}}
    question = Question(seen.plan, seen.window, seen.cut, cursor, seen.clock_s)
    receipt = receipt_of(Evidence(question, log.archive), log.archive, None, BEFORE)
    log.arrives(BEFORE + timedelta(seconds=1), flat("N", 1, BEFORE))

    now = changes(view_of(receipt, seen.plan), view("", AFTER), log.archive)
    older = changes(view_of(replace(receipt, engine=1, value=2.5), seen.plan), view("", AFTER), log.archive)

    assert amounts(now) == {**dict.fromkeys(CAUSES, 0), "city": Decimal("0.1")}
    assert amounts(older) == {**dict.fromkeys(CAUSES, 0), "engine": Decimal("-0.1"), "city": Decimal("0.1")}
    assert (older.before, older.after) == (Decimal("2.5"), Decimal("2.5"))
    assert (now.engines, older.engines) == ((ENGINE_MEANING, ENGINE_MEANING), (1, ENGINE_MEANING))


def test_looks_that_do_not_fit_are_refused(log: Log) -> None:
    with pytest.raises(BatchError, match="the second look knows less"):
        changes(view("", AFTER), view("", BEFORE), log.archive)
    with pytest.raises(BatchError, match="only looks at one number are compared"):
        changes(view("", BEFORE)._replace(cut=Cut("STB01", "{}")), view("", AFTER), log.archive)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = World(tmp_path_factory.mktemp("changes"), per_type=60)
    found.count()
    found.engine.publish()
    return found


@pytest.mark.parametrize("kpi", ["M01", "M04", "I08", "E01", "I11", "E11", "E05", "E07", "W01"])
def test_parts_add_up_exactly_for_every_class(world: World, kpi: str) -> None:
    random = Random(kpi)  # noqa: S311 - must repeat
    values = world.published(kpi)
    clocks = sorted(record.timestamp for log in world.logs.values() for record in log)
    for value in random.sample(values, 6):
        known = sorted(random.choices(clocks, k=2))
        question = world.question(value)
        looks = [View(question.plan, question.window, question.cut, known_ms) for known_ms in known]
        found = changes(looks[0], looks[1], world.archive)
        amounts = [part.amount for part in found.parts]
        if None not in amounts and found.before is not None:
            assert found.before + sum(amounts, Decimal(0)) == found.after  # type: ignore[arg-type]
        else:
            assert found.before is None or found.after is None or None in amounts
    now = View(question.plan, question.window, question.cut, clocks[-1] + 60_000)
    assert changes(looks[0], now, world.archive).after == (None if value.value is None else Decimal(str(value.value)))
