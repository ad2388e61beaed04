"""An event is found by its id alone, wherever its run stands."""

from __future__ import annotations

from cityhub.kpi.ledger.lookup import Place, counted, refused
from cityhub.kpi.store.database import Database
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.samples import TOPIC, departure, records


def test_every_counted_event_is_found_where_it_stands(engine: Engine, database: Database) -> None:
    events = [departure(n, 0) for n in range(60)]
    for first in range(0, 60, 3):  # many small runs, which become larger ones
        engine.apply(TOPIC, records(*events[first : first + 3], first=first))
    with database.snapshot() as connection:
        for number, event in enumerate(events):
            found = list(counted(connection, JOB, [TOPIC], event.id, ["//other", "//test/dvv"]))
            assert found == [Place(TOPIC, 0, number)]
        assert list(counted(connection, JOB, [TOPIC], events[0].id, ["//other"])) == []
        assert list(counted(connection, JOB, ["du.evt.wbd.bin.v1"], events[0].id, ["//test/dvv"])) == []
        assert list(counted(connection, JOB, [TOPIC], "nothing", ["//test/dvv"])) == []


def test_what_the_engine_refused_is_found_with_its_reason(engine: Engine, database: Database) -> None:
    first, second = departure("k", 0), departure("k", 999)
    engine.apply(TOPIC, records(first, second))
    with database.snapshot() as connection:
        (found,) = refused(connection, [TOPIC], second.id)
    assert (found.place, found.reason) == (Place(TOPIC, 0, 1), "id_reuse")
    assert "needs a new id" in found.detail
