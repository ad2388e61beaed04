"""A tenant's log: cursors that grow, and a reader that is closed only when nobody reads."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from cityhub.sandbox.room.log import TenantLog


def test_cursors_grow_over_an_emptied_log(tmp_path: Path) -> None:
    log = TenantLog(tmp_path / "log.db")
    log.append([("t", "a", 1, b"1"), ("t", "a", 2, b"2"), ("u", "b", 2, b"3")], b"state")
    log.tell("value", [("M07", 3, b"{}")])
    assert [(one.number, one.kind) for one in log.after(0)] == [(1, "event"), (2, "event"), (3, "event"), (4, "value")]
    assert [record.offset for some in log.records("t", -1) for record in some] == [0, 1]
    log.empty(b"new")
    assert (log.after(0), log.state(), log.end_of("t")) == ([], b"new", -1)
    log.append([("t", "a", 1, b"1")], b"state")
    assert [one.number for one in log.after(4)] == [5]
    log.close()


def test_what_failed_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    log = TenantLog(tmp_path / "log.db")
    log.append([("t", "a", 1, b"1")], b"first")
    with pytest.raises(sqlite3.Error, match="type"):
        log.append([("t", "a", 2, b"2"), ("t", "a", 3, object())], b"second")  # type: ignore[list-item]
    assert (log.events(), log.state(), log.end_of("t")) == (1, b"first", 0)
    log.close()


def test_it_is_not_closed_under_a_thread_that_reads(tmp_path: Path) -> None:
    """A request that is broken off closes its log while its thread still reads: that took the whole process down."""
    writer = TenantLog(tmp_path / "log.db")
    writer.append([("t", "a", at, b"x" * 100) for at in range(2_000)], b"")
    reader = TenantLog(tmp_path / "log.db", read_only=True)
    reading, go_on = threading.Event(), threading.Event()

    def held() -> int:
        reading.set()
        go_on.wait(60)
        return 0

    reader._db.set_progress_handler(held, 100)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(reader.after(0, limit=2_000)))),
        threading.Thread(target=reader.close),
    ]
    threads[0].start()
    assert reading.wait(60)
    threads[1].start()
    threads[1].join(0.2)
    assert threads[1].is_alive(), "it waits"
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert found == [2_000]
    writer.close()
